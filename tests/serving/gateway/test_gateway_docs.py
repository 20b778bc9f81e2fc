"""docs/gateway.md against the code."""

import re
from pathlib import Path

from typer.testing import CliRunner

from pipelines.cli import app
from serving.gateway.settings import GatewaySettings

TEXT = (Path(__file__).parents[3] / "docs" / "gateway.md").read_text()


def test_flags_exist() -> None:
    help_text = "".join(
        CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).output
        for command in ("gateway", "predict")
    )
    named = set(re.findall(r"`(--[a-z-]+)`", TEXT))
    assert len(named) > 10
    assert {flag for flag in named if flag not in help_text} == set()


def test_defaults_are_the_ones_told() -> None:
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
    ):
        assert re.search(rf"`--{flag}`\s\({re.escape(shown)}\)", TEXT), flag
    for header in (log.group_header, log.line_header, log.camera_header):
        assert f"`{header}`" in TEXT


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
