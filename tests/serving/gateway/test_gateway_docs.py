"""docs/how-to/gateway.md against the code."""

import re
from pathlib import Path
from typing import Any

import typer
from prometheus_client.parser import text_string_to_metric_families

from pipelines.cli import app
from serving.gateway.log.log_queue import LogQueue
from serving.gateway.proxy.admission import Admission
from serving.gateway.proxy.metrics import REASONS, GatewayMetrics
from serving.gateway.settings import GatewaySettings

DOCS = Path(__file__).parents[3] / "docs"
TEXT = (DOCS / "how-to" / "gateway.md").read_text()


def flags_of(command: str) -> set[str]:
    graft: Any = typer.main.get_command(app)
    return {
        flag for one in graft.commands[command].params for flag in one.opts + one.secondary_opts
    }


def test_a_command_line_has_flags_of_its_own_command() -> None:
    lines = re.findall(r"^graft ([a-z]+)(.*)$", TEXT, flags=re.MULTILINE)
    assert {command for command, _ in lines} == {"up", "gateway", "predict"}
    for command, words in lines:
        assert set(re.findall(r"--[a-z-]+", words)) <= flags_of(command), command


def test_flags_in_the_text_are_the_gateways_but_for_what_clients_send() -> None:
    by_section = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
    named = {name: set(re.findall(r"`(--[a-z-]+)`", text)) for name, text in by_section.items()}
    from_clients = named.pop("Through it")
    assert from_clients and from_clients <= flags_of("predict")
    of_the_gateway = set().union(*named.values())
    assert len(of_the_gateway) > 8
    assert of_the_gateway <= flags_of("gateway")


def test_defaults_are_those_of_the_text() -> None:
    settings = GatewaySettings()
    log = settings.log
    assert f"REST on {settings.port}, gRPC on {settings.grpc_port}, the log in {log.folder}" in TEXT
    for flag, shown in (
        ("embedding-share", f"{100 * log.embedding_share:g} %"),
        ("embeddings-per-s", f"{log.embeddings_per_s:g}"),
        ("busy-statistics-share", f"{100 * log.busy_statistics_share:g} % of one processor"),
        ("pictures", f"{log.pictures}"),
        ("pictures-mib", f"{log.pictures_mib}"),
        ("keep-pictures-days", f"{log.keep_pictures_days:g}"),
        ("keep-days", f"{log.keep_days:g}"),
        ("in-flight", f"{settings.in_flight}"),
        ("in-flight-mib", f"{settings.in_flight_mib}"),
        ("metrics-port", f"{settings.metrics_port}"),
        ("keep-mib", f"{log.keep_mib}"),
    ):
        assert re.search(rf"`--{flag}`\s\({re.escape(shown)}\)", TEXT), flag
    for header in (log.group_header, log.line_header, log.camera_header):
        assert f"`{header}`" in TEXT


def test_the_list_of_metrics_is_complete() -> None:
    """Every metric of a page is in docs/reference/metrics.md, with its type and labels."""
    text = (DOCS / "reference" / "metrics.md").read_text()
    documented = {}
    for cell, kind in re.findall(r"^\| (`.*?) \| (\w+) \|", text, flags=re.MULTILINE):
        for name, labels in re.findall(r"`([a-z_]+)(?:\{([a-z,]+)\})?`", cell):
            documented[f"graft_gateway_{name}"] = (kind, tuple(filter(None, labels.split(","))))
    metrics = GatewayMetrics()
    LogQueue(GatewaySettings()).show(metrics)
    Admission(most=1, most_bytes=1).show(metrics)
    metrics.request("REST", "200", seconds=0.1)
    shown = {}
    for family in text_string_to_metric_families(metrics.page().decode()):
        assert family.documentation and family.documentation != family.name
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {tuple(k for k in one.labels if k != "le") for one in family.samples}
        (shown[name],) = {(family.type, one) for one in labels}
    assert shown == documented
    reasons = re.findall(r"`(\w+)`", text.partition("never reached the model server:")[2])
    assert set(REASONS) <= set(reasons[: len(REASONS) + 1])


def test_the_command_says_the_same_as_the_settings() -> None:
    """The command's defaults and those of the dataclasses are one set."""
    import inspect

    from pipelines.cli.gateway import gateway

    settings = GatewaySettings()
    named = {"log": settings.log.folder, "logging_on": settings.logging, "no_pictures": False}
    for name, parameter in inspect.signature(gateway).parameters.items():
        if name == "api_key_file":
            continue
        wanted = named.get(name, getattr(settings, name, getattr(settings.log, name, None)))
        assert parameter.default == wanted, name
