"""What `graft doctor` finds on a machine, and when it says no."""

import os
import socket
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from pipelines.cli import app, doctor

Usage = namedtuple("Usage", "free")


def found(project: Path) -> dict[str, doctor.Finding]:
    return {check.name: check for check in doctor.diagnose(project)}


def test_a_full_disk_is_bad_and_fails_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: Usage(free=doctor.GIB))
    check = found(tmp_path)["disk"]
    assert (check.state, check.found) == ("bad", "1 GiB free")
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert "free 4 GiB or more" in " ".join(result.output.split())


def test_what_is_enough_needs_no_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: Usage(free=100 * doctor.GIB))
    check = found(tmp_path)["disk"]
    assert (check.state, check.advice) == ("ok", "")


def test_a_taken_port_and_absent_data_are_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(tmp_path)["demo data"].state == "ok"
    (tmp_path / "data.dvc").touch()  # a clone
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr(doctor, "Ports", lambda: SimpleNamespace(all=lambda: (port,)))
        checks = found(tmp_path)
    assert checks["ports"].state == "note"
    assert checks["ports"].found.startswith(f"{port} in use by process {os.getpid()} (")
    assert (checks["demo data"].state, checks["demo data"].advice) == ("note", "run `make data`")


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _take_away("kfp", monkeypatch)
    check = found(tmp_path)["packages"]
    assert (check.state, check.found) == ("bad", "missing: kfp")


def test_a_run_does_not_need_beam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _take_away("apache_beam", monkeypatch)
    check = found(tmp_path)["packages"]
    assert check.state == "ok"
    assert check.found == "all that a run needs; not apache_beam (`make install-dev`)"


def _take_away(absent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    there = doctor.importlib.util.find_spec
    monkeypatch.setattr(
        doctor.importlib.util, "find_spec", lambda name: None if name == absent else there(name)
    )
