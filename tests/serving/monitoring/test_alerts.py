"""The alert rules and the dashboard, by Prometheus' own tool and against the docs."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import serving

ROOT = Path(__file__).parents[3]
CONFIG = Path(serving.__file__).parent / "config"
RULES = CONFIG / "monitoring" / "alerts.yaml"
DASHBOARD = CONFIG / "monitoring" / "grafana" / "dashboards" / "graft.json"
TESTS = sorted(Path(__file__).parent.glob("*.test.yaml"))
with_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is missing: apt-get install prometheus"
)


def promtool(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["promtool", *words], capture_output=True, text=True, check=False)


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def queries() -> Iterator[tuple[str, str]]:
    """The dashboard's expressions by panel, with Grafana's variables filled in."""
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "5m").replace("$model", ".*")
            assert "$" not in expression
            yield panel["title"], expression


@with_promtool
def test_the_rules_and_the_configuration_are_valid(tmp_path: Path) -> None:
    done = promtool("check", "rules", str(RULES))
    assert done.returncode == 0, done.stdout + done.stderr
    text = (CONFIG / "prometheus.yaml").read_text()
    config = tmp_path / "prometheus.yaml"
    config.write_text(text.replace("/config/", f"{CONFIG}/"))
    done = promtool("check", "config", str(config))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules())} rules found" in done.stdout


@with_promtool
@pytest.mark.slow
def test_each_alert_fires_when_it_should_and_not_otherwise(tmp_path: Path) -> None:
    for path in TESTS:
        shutil.copy(path, tmp_path)
    run = ["test", "rules", *(str(tmp_path / path.name) for path in TESTS)]
    shutil.copy(RULES, tmp_path)
    done = promtool(*run)
    assert done.returncode == 0, done.stdout + done.stderr
    # Without one of them, the same tests fail: each alert is tested.
    whole = yaml.safe_load(RULES.read_text())
    for rule in rules():
        groups = [
            {**one, "rules": [other for other in one["rules"] if other["alert"] != rule["alert"]]}
            for one in whole["groups"]
        ]
        (tmp_path / RULES.name).write_text(yaml.safe_dump({"groups": groups}))
        assert promtool(*run).returncode != 0, rule["alert"]


@with_promtool
def test_the_dashboards_expressions_are_valid(tmp_path: Path) -> None:
    recorded = [{"record": "panel", "expr": expression} for _, expression in queries()]
    path = tmp_path / "dashboard.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": recorded}]}))
    done = promtool("check", "rules", "--lint=none", str(path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_operator_has_the_same_rules() -> None:
    rule = yaml.safe_load((RULES.parent / "prometheusrule.yaml").read_text())
    assert rule["spec"] == yaml.safe_load(RULES.read_text())


def test_panels_have_places_of_their_own() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len({panel["id"] for panel in panels}) == len(panels) >= 10


def test_each_alert_has_a_runbook_with_something_to_type() -> None:
    text = (ROOT / "docs" / "how-to" / "alerts.md").read_text()
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL))
    assert set(sections) == {rule["alert"] for rule in rules()}
    for rule in rules():
        name = rule["alert"]
        assert rule["annotations"]["runbook"] == f"docs/how-to/alerts.md#{name.lower()}"
        assert "```bash" in sections[name], name


def test_compose_mounts_what_grafana_reads() -> None:
    """Grafana itself is not run: its paths and the datasource's address are compared here."""
    compose = yaml.safe_load((CONFIG.parent / "compose.yaml").read_text())["services"]
    mounts = dict(volume.split(":")[:2] for volume in compose["grafana"]["volumes"])
    inside = {target: CONFIG.parent / source for source, target in mounts.items()}
    folder = "/etc/grafana/provisioning"
    assert set(inside) == {f"{folder}/datasources", f"{folder}/dashboards"}
    provisioning = (inside[f"{folder}/dashboards"] / "provider.yaml").read_text()
    (provider,) = yaml.safe_load(provisioning)["providers"]
    assert (inside[provider["options"]["path"]] / DASHBOARD.name).samefile(DASHBOARD)
    sources = (inside[f"{folder}/datasources"] / "prometheus.yaml").read_text()
    (source,) = yaml.safe_load(sources)["datasources"]
    assert source["url"] == "http://prometheus:9090" and "prometheus" in compose
