"""What `make audit` says of pip-audit's report, above all when nobody was asked."""

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "read_audit.py"
CLEAN = {"version": "1.0", "vulns": []}
FLAWED = {
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-2026-1"], "fix_versions": ["1.1"]}],
}
SKIPPED = {"skip_reason": "Dependency not found on PyPI and could not be audited"}


@pytest.fixture
def audit(tmp_path: Path) -> Callable[..., int]:
    main = runpy.run_path(str(TOOL))["main"]

    def run(*packages: dict[str, Any]) -> int:
        named = [{"name": f"p{at}", **package} for at, package in enumerate(packages)]
        report = tmp_path / "report.json"
        report.write_text(json.dumps({"dependencies": named, "fixes": []}))
        return int(main([str(report), "--lock", "some.lock"]))

    return run


def test_nothing_known(audit: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(CLEAN, CLEAN) == 0
    assert capsys.readouterr().out == "some.lock: 0 known vulnerabilities in 2 packages\n"


def test_a_vulnerability(audit: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(CLEAN, FLAWED) == 1
    assert "p1 1.0: PYSEC-1 CVE-2026-1; fixed in 1.1" in capsys.readouterr().out


def test_a_service_that_knows_nobody_is_no_good_news(
    audit: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(CLEAN, *[SKIPPED] * 20) == 2
    assert "received answers on 1 of 21" in capsys.readouterr().err


def test_a_few_unknown_packages_are_named(
    audit: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(*[CLEAN] * 19, SKIPPED) == 0
    assert "not looked up (1): p19" in capsys.readouterr().out


def test_no_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main = runpy.run_path(str(TOOL))["main"]
    assert main([str(tmp_path / "none.json"), "--lock", "some.lock"]) == 2
    assert "says nothing about vulnerabilities" in capsys.readouterr().err
