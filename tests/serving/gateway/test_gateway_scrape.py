"""A real Prometheus scrapes a gateway that asks for a key, and has what rules and panels name."""

import json
import re
import shutil
import subprocess
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from gateway_harness import Gateway, ask, running, wait_until
from local_servers import free_port
from test_gateway_faults import BODY, KEY, PATH, serving_upstream

import serving
from components.common.store_figures import Figure, write_figures

CONFIG = Path(serving.__file__).parent / "config" / "monitoring"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("prometheus") is None,
        reason="prometheus is missing: apt-get install prometheus",
    ),
]
# What the monitor and the gate write, with the labels that rules and panels ask for.
LEFT = {
    "graft_monitor_last_look_timestamp_seconds": {},
    "graft_monitor_newest_record_timestamp_seconds": {},
    "graft_monitor_retraining_timestamp_seconds": {},
    "graft_monitor_version": {},
    "graft_monitor_pictures": {},
    "graft_monitor_left_out": {"reason": "duplicate"},
    "graft_monitor_statistic": {"detector": "cusum"},
    "graft_monitor_threshold": {"detector": "cusum"},
    "graft_monitor_alarm": {"detector": "cusum"},
    "graft_monitor_loss_points": {"bound": "low"},
    "graft_monitor_decision": {"word": "ask"},
    "graft_gate_verdict": {"word": "hold"},
    "graft_gate_verdict_timestamp_seconds": {},
}


class Prometheus:
    def __init__(self, address: str) -> None:
        self._api = f"http://{address}/api/v1"

    def get(self, path: str, **query: str) -> Any:
        answer = ask(f"{self._api}/{path}?{urllib.parse.urlencode(query)}")
        return json.loads(answer.body)["data"]

    def rules(self) -> dict[str, dict[str, Any]]:
        groups = self.get("rules")["groups"]
        return {rule["name"]: rule for group in groups for rule in group["rules"]}

    def series(self, expression: str) -> list[dict[str, Any]]:
        return list(self.get("query", query=expression)["result"])


@contextmanager
def scraping(folder: Path, gateway: Gateway) -> Iterator[Prometheus]:
    """Run Prometheus with our rules, scraping the gateway each second."""
    address = f"127.0.0.1:{free_port()}"
    target = {"targets": [gateway.metrics.removeprefix("http://")]}
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(CONFIG / "alerts.yaml")],
        "scrape_configs": [
            {"job_name": "gateway", "metrics_path": "/gateway/metrics", "static_configs": [target]}
        ],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    argv = ["prometheus", f"--config.file={folder / 'prometheus.yaml'}"]
    argv += [f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address={address}"]
    output = folder / "prometheus.txt"
    with output.open("wb") as stream:
        process = subprocess.Popen(argv, stdout=stream, stderr=subprocess.STDOUT)
    try:
        wait_until(
            lambda: (
                "ready to receive web requests" in output.read_text() or process.poll() is not None
            ),
            output.read_text,
        )
        yield Prometheus(address)
    finally:
        process.terminate()
        process.wait(30)


def wanted_names() -> set[str]:
    """Every metric that a rule or a panel names."""
    text = (CONFIG / "alerts.yaml").read_text()
    groups = yaml.safe_load(text)["groups"]
    board = json.loads((CONFIG / "grafana" / "dashboards" / "graft.json").read_text())
    expressions = [rule["expr"] for group in groups for rule in group["rules"]]
    expressions += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    return {name for one in expressions for name in re.findall(r"\bgraft_\w+", one)}


def test_prometheus_finds_all_that_rules_and_dashboard_name(tmp_path: Path) -> None:
    models = tmp_path / "models"
    figures = [
        Figure(name, name, dict.fromkeys(labels.values(), 1.0) or 1.0, by="".join(labels))
        for name, labels in LEFT.items()
    ]
    write_figures(models / "m", "monitor", figures)
    with (
        serving_upstream() as upstream,
        running(
            tmp_path,
            f"--models={models}",
            upstream=upstream.url,
            environment={"GRAFT_API_KEY": KEY["X-API-Key"]},
        ) as gateway,
        scraping(tmp_path, gateway) as prometheus,
    ):
        assert ask(gateway.rest + PATH, BODY, headers=KEY).status == 200
        gateway.wait_count("log_rows", 1)
        names = wanted_names()
        assert len(names) > 20 and names >= set(LEFT)
        wait_until(
            lambda: names <= set(prometheus.get("label/__name__/values")),
            lambda: f"never seen: {names - set(prometheus.get('label/__name__/values'))}",
        )
        (requests,) = prometheus.series('graft_gateway_requests_total{status="200"}')
        assert float(requests["value"][1]) == 1.0
        (word,) = prometheus.series("graft_monitor_decision")
        assert word["metric"]["model"] == "m" and word["metric"]["word"] == "ask"
        firing = {"GraftAsks", "GraftDrift", "GraftVerdictHeld", "GraftMonitorSilent"}
        wait_until(
            lambda: (
                {name for name, rule in prometheus.rules().items() if rule["state"] == "firing"}
                == firing
            ),
            lambda: str(prometheus.rules()),
        )
        assert {rule["health"] for rule in prometheus.rules().values()} == {"ok"}
