"""One home with a published version, made once: by a run that was stopped, and one that was not."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

SETTINGS = (
    "model_name=pictures",
    "train.weights=none",
    "train.method=linear_probe",
    "augment.image_size_px=32",
    "augment.views=1",
    # Which branch runs is what is tested, not how good random features are.
    "gate.thresholds=[]",
    "gate.min_test_pictures=8",
    "gate.min_per_class=2",
    "gate.min_groups=2",
    "validate.min_size_px=16",
    # What a network without weights loses to a fault is all or nothing: a map learnt from that, on
    # seven groups, is points off where nothing has changed.
)


def graft(
    command: str, pictures: Path, *words: str, settings: Sequence[str] = SETTINGS
) -> list[str]:
    """Return a command line of `graft` with settings."""
    line = [sys.executable, "-m", "pipelines.cli", command, "--data", str(pictures), *words]
    for assignment in settings:
        line += ["--set", assignment]
    return line


def stop(line: Sequence[str], home: Path, *, when: Callable[[], object], by: signal.Signals) -> str:
    """Start a command, send it a signal once something is true, and return what it printed.

    By SIGTERM it is stopped as a script's background job, which ignores SIGINT; by SIGINT as in a
    terminal, whoever started these tests.
    """
    entry = signal.SIG_IGN if by == signal.SIGTERM else signal.SIG_DFL
    process = subprocess.Popen(
        line,
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, entry),
    )
    while process.poll() is None and not when():
        time.sleep(0.2)
    process.send_signal(by)
    output, _ = process.communicate()
    assert process.returncode == 130, output
    return output


@dataclass(frozen=True)
class Published:
    """A home, what the stopped run left in it, and how the whole run ended."""

    home: Path
    said_at_stop: str
    after_stop: str
    versions_after_stop: tuple[str, ...]
    done: "subprocess.CompletedProcess[str]"


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory, tiny_pictures: Path) -> Published:
    home = tmp_path_factory.mktemp("published")
    line = graft("run", tiny_pictures)
    latest = home / "runs" / "latest"
    begun = latest / "steps" / "augment.json"
    said = stop(line, home, when=begun.exists, by=signal.SIGTERM)
    after = (latest / "run.json").read_text()
    left = versions(home)
    done = subprocess.run(line, cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return Published(home, said, after, left, done)


def versions(home: Path) -> tuple[str, ...]:
    base = home / "serving" / "models" / "pictures"
    return tuple(sorted(path.name for path in base.glob("*") if path.name.isdigit()))
