"""`graft up` as a user runs it: real server and gateway, versions that come, processes that die."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from PIL import Image

from pipelines.up.ports import Ports, taken

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow.*"),
]
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Up:
    """A running `graft up` and where it stands."""

    home: Path
    ports: Ports
    process: "subprocess.Popen[str]"

    def printed(self) -> str:
        return (self.home / "printed").read_text()

    def wait(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not true():
            assert self.process.poll() is None, self.printed()
            assert time.monotonic() < deadline, self.printed()
            time.sleep(0.2)

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, word: str) -> psutil.Process:
        return next(one for one in self.children() if word in one.cmdline())


def _line(*words: str) -> list[str]:
    return [sys.executable, "-m", "pipelines.cli", *words]


def _gone(processes: list[psutil.Process]) -> bool:
    gone, alive = psutil.wait_procs(processes, timeout=40)
    return not alive and len(gone) == len(processes)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    from brightness_model import save_brightness_model

    save_brightness_model(tmp_path / "made")
    # Not ours, although they are called so.
    for name in ("pipelines", "serving", "components"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit(99)")
    _publish(tmp_path, "lamps", 1)
    return tmp_path


def _publish(home: Path, name: str, version: int) -> None:
    staged = home / f"staged-{name}-{version}"
    subprocess.run(["cp", "-r", str(home / "made"), str(staged)], check=True)
    (home / "serving" / "models" / name).mkdir(parents=True, exist_ok=True)
    staged.rename(home / "serving" / "models" / name / str(version))


@pytest.fixture
def up(home: Path) -> Iterator[Up]:
    offset = next(
        one
        for one in iter(lambda: random.randrange(10_000, 40_000), 0)
        if not taken(Ports(one).all())
    )
    with (home / "printed").open("w") as printed:
        process = subprocess.Popen(
            _line("up", "--port-offset", str(offset)), cwd=home, stdout=printed,
            stderr=subprocess.STDOUT, text=True, env={**os.environ, "PYTHONSAFEPATH": "1"},
        )  # fmt: skip
    started = Up(home, Ports(offset), process)
    try:
        started.wait(lambda: "Ctrl-C" in started.printed())
        yield started
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            left = [*started.children(), psutil.Process(process.pid)]
            for one in left:
                one.kill()
        process.wait()


def test_it_serves_logs_follows_and_stops(up: Up) -> None:
    said = up.printed()
    assert f"✔ server   http://127.0.0.1:{up.ports.server_rest}" in said
    assert "lamps version 1" in said
    assert f"✔ gateway  http://127.0.0.1:{up.ports.gateway_rest}" in said

    # The very command that it prints, with a picture.
    picture = up.home / "picture.png"
    Image.new("L", (8, 8), 200).save(picture)
    ask = next(line for line in said.splitlines() if "graft predict" in line)
    words = ask.split("graft ")[1].replace("PICTURES", str(picture)).split()
    env = {**os.environ, "PYTHONSAFEPATH": "1"}
    asked = subprocess.run(
        _line(*words), cwd=up.home, env=env, capture_output=True, text=True, check=False
    )
    assert asked.returncode == 0, asked.stderr
    assert "defective" in asked.stdout
    wrong = subprocess.run(
        _line(*words, "--model-name", "lamp"), cwd=up.home, env=env, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert "choose one that it serves by --model-name: lamps" in wrong.stderr

    _publish(up.home, "lamps", 2)
    up.wait(lambda: "lamps: version 2 answers" in up.printed())
    _publish(up.home, "cups", 1)
    up.wait(lambda: "cups: version 1 answers" in up.printed())

    again = subprocess.run(
        _line("up", "--port-offset", str(up.ports.offset)), cwd=up.home, env=env,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert again.returncode == 2
    assert "in use by process" in again.stderr

    up.child("serving.server").kill()
    up.wait(lambda: "the server ended with code -9 and is started again" in up.printed())
    up.wait(lambda: up.printed().count("lamps: version 2 answers") == 2)

    children = up.children()
    assert len(children) >= 2
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(PATIENCE_S) == 130
    assert _gone(children)
    # The gateway had time to write what it was asked.
    assert any((up.home / ".graft" / "predictions").rglob("*.parquet"))
    assert taken(up.ports.all()) == ""


def test_nothing_outlives_it_when_it_is_killed(up: Up) -> None:
    children = up.children()
    assert len(children) >= 2
    up.process.kill()
    assert _gone(children)
