"""Starting and stopping a server, with commands that misbehave."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bright_model import MODEL

from components.common.errors import ConfigError, ServerError
from serving.server.launch import RunningServer, launch


def program(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_a_server_that_dies_leaves_its_last_words(tmp_path: Path) -> None:
    code = "import sys; print('loading', flush=True); sys.exit('no space left on device')"
    with pytest.raises(ServerError, match=r"end with code 1.*\n.*loading\nno space left"):
        launch(MODEL, base_path=tmp_path, log_path=tmp_path / "log", command=program(code))


def test_a_server_that_never_gets_ready_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **named: Any) -> None:
            super().__init__(*args, **named)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    log, code = tmp_path / "logs" / "server.log", "import time; time.sleep(600)"
    with pytest.raises(ServerError, match=r"to load within 1 s"):
        launch(MODEL, base_path=tmp_path, command=program(code), timeout_s=1, log_path=log)
    assert [process.poll() is None for process in started] == [False]


def test_a_base_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a folder with model versions"):
        launch(MODEL, base_path=tmp_path / "absent", log_path=tmp_path / "log")


def test_the_flags_are_those_of_tensorflow_serving(tmp_path: Path) -> None:
    code = "import sys; print(*sys.argv[1:], sep='\\n'); sys.exit(1)"
    log = tmp_path / "log"
    with pytest.raises(ServerError):
        launch(MODEL, base_path=tmp_path, command=program(code), log_path=log, flags=["--x=1"])
    flags = dict(line.split("=", 1) for line in log.read_text().splitlines())
    assert flags["--model_name"] == MODEL
    assert flags["--model_base_path"] == str(tmp_path)
    assert int(flags["--port"]) != int(flags["--rest_api_port"]) != 0
    assert flags["--x"] == "1"


POLITE = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("ready", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize(
    ("code", "grace_s", "status"),
    [(POLITE, 60.0, 0), (POLITE.replace("lambda *_: sys.exit(0)", "signal.SIG_IGN"), 0.1, -9)],
)
def test_stopping_is_polite_then_firm(
    code: str, grace_s: float, status: int, tmp_path: Path
) -> None:
    process = subprocess.Popen(program(code), stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    with process.stdout:
        RunningServer("", "", process, tmp_path).stop(grace_s=grace_s)
    assert process.returncode == status
    RunningServer("", "", process, tmp_path).stop()
