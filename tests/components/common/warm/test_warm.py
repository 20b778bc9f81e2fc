"""Programs started from a warm parent: they run as under a plain interpreter, and none is left."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from components.common.warm import owner

# Pytest changes its own variable as a test goes on.
ENVIRONMENT = {"ASKED": "no", "PYTEST_CURRENT_TEST": ""}

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks are for Linux")

PROGRAM = """
import json, os, signal, sys, threading, time
what = sys.argv[1]
if what == "say":
    known = ["colorsys" in sys.modules, "tabnanny" in sys.modules]
    print(json.dumps([sys.argv[2:], os.getppid(), os.getpid(), os.environ.get("ADDED"), known]))
    print("aside", file=sys.stderr)
    threading.Thread(target=lambda: (time.sleep(0.2), print("late"))).start()
elif what == "end":
    sys.exit(int(sys.argv[2]))
elif what == "words":
    sys.exit("no such picture")
elif what == "fail":
    raise KeyError("lost")
elif what == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
elif what == "sleep":
    import subprocess
    helper = subprocess.Popen(["sleep", "60"])
    print(json.dumps([os.getpid(), helper.pid]), flush=True)
    time.sleep(60)
elif what == "drain":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    print(json.dumps([]), flush=True)
    time.sleep(60)
"""

OWNER = """
import json, os, signal, subprocess, time
from components.common.warm import owner
with owner.started(["colorsys"], ["tabnanny"], environment={}):
    words = [*owner.interpreter([]), "-m", "program"]
    given = {"env": owner.child_environment(), "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    while b"no warm start" in subprocess.run([*words, "end", "0"], **given).stderr:
        time.sleep(0.05)
    with subprocess.Popen([*words, "sleep"], **given) as program:
        processes = json.loads(program.stdout.readline())
        print([*processes, program.pid], flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "program.py").write_text(PROGRAM)
    root = Path(__file__).parents[4]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(root)]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def warm(folder: Path) -> Iterator[Path]:
    # A module that nobody else imports, and one that adds to the environment.
    (folder / "adds.py").write_text("import os; os.environ['ADDED'] = '1'")
    with owner.started(["colorsys", "adds"], ["tabnanny"], environment=ENVIRONMENT):
        _until(lambda: "no warm start" not in _run("end", "0").stderr)
        yield folder


def test_a_program_runs_as_under_a_plain_interpreter(warm: Path) -> None:
    said = _run("say", "a b", "", "ü")

    arguments, parent, _, added, known = json.loads(said.stdout.splitlines()[0])
    assert arguments == ["a b", "", "ü"]
    assert added == "1"
    assert known == [True, False]
    assert parent != os.getpid()
    assert said.stdout.splitlines()[1:] == ["late"]
    assert said.stderr == "aside\n"
    assert said.returncode == 0


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (("end", "3"), 3, ""),
        (("words",), 1, "no such picture\n"),
        (("fail",), 1, "KeyError: 'lost'\n"),
        (("kill",), -signal.SIGKILL, ""),
    ],
)
def test_it_ends_as_under_a_plain_interpreter(
    warm: Path, command: tuple[str, ...], code: int, words: str
) -> None:
    ended = _run(*command)

    assert ended.returncode == code
    assert ended.stderr.endswith(words)


def test_the_large_modules_are_there_once_a_program_works(warm: Path) -> None:
    def known() -> object:
        return json.loads(_run("say", "large").stdout.splitlines()[0])[4]

    assert known() == [True, False]
    with _started("sleep"):
        _until(lambda: known() == [True, True])
        # Who does not ask for them does without.
        assert json.loads(_run("say").stdout.splitlines()[0])[4] == [True, False]


def test_a_signal_reaches_the_program(warm: Path) -> None:
    with _started("drain") as draining:
        draining.terminate()

        assert draining.wait(30) == 7


@pytest.mark.parametrize("killed", ["launcher", "parent"])
def test_nothing_is_left_behind(warm: Path, killed: str) -> None:
    with _started("sleep") as launcher:
        processes = launcher.said
        parent = _stat(processes[0])[1]
        os.kill(launcher.pid if killed == "launcher" else int(parent), signal.SIGKILL)
        launcher.wait(30)

        # A parent that is killed cannot look after what its program has started.
        mortal = processes[:1] if killed == "parent" else processes
        _until(lambda: not any(_lives(process) for process in mortal))
        for process in filter(_lives, processes):
            os.kill(process, signal.SIGKILL)


def test_an_owner_that_is_killed_takes_all_with_it(folder: Path) -> None:
    (folder / "owns.py").write_text(OWNER)
    killed = subprocess.run([sys.executable, "-m", "owns"], capture_output=True, text=True)

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    processes = json.loads(killed.stdout)
    _until(lambda: not any(_lives(process) for process in processes))


@pytest.mark.parametrize(
    ("differs", "reason"),
    [
        ({"TF_SETTING": "1"}, "other values of TF_SETTING"),
        ({"PYTHONPATH": "/:."}, "another PYTHONPATH"),
    ],
)
def test_another_environment_gets_a_plain_interpreter(
    warm: Path, differs: dict[str, str], reason: str
) -> None:
    ended = _run("end", "5", **differs)

    assert reason in ended.stderr
    assert ended.returncode == 5


def test_another_folder_gets_a_plain_interpreter(warm: Path) -> None:
    ended = subprocess.run(
        [*owner.interpreter([]), "-m", "program", "end", "5"],
        cwd="/",
        env=_environment(),
        capture_output=True,
        text=True,
    )

    assert "another folder" in ended.stderr
    assert ended.returncode == 5


def test_a_parent_with_threads_forks_for_nobody(folder: Path) -> None:
    (folder / "threads.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    )
    with owner.started(["threads"], [], environment=ENVIRONMENT):
        ended = _run("end", "5")

    assert "no warm start" in ended.stderr
    assert ended.returncode == 5


def test_without_a_parent_a_program_has_the_plain_interpreter() -> None:
    assert owner.interpreter(["large"]) == (sys.executable,)


def _environment(**differs: str) -> dict[str, str]:
    return owner.child_environment() | ENVIRONMENT | differs


def _run(*command: str, **differs: str) -> "subprocess.CompletedProcess[str]":
    words = [*owner.interpreter(["large"]), "-m", "program", *command]
    return subprocess.run(words, env=_environment(**differs), capture_output=True, text=True)


class Started(subprocess.Popen[str]):
    """A program that has said, as JSON, which processes it consists of."""

    said: list[int]


@contextlib.contextmanager
def _started(*command: str) -> Iterator[Started]:
    words = [*owner.interpreter([]), "-m", "program", *command]
    with Started(words, env=_environment(), stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        program.said = json.loads(program.stdout.readline())
        yield program
        program.kill()


def _stat(process: int) -> list[str]:
    """Return a process's state and its parent."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[:2]


def _lives(process: int) -> bool:
    try:
        return _stat(process)[0] != "Z"
    except FileNotFoundError:
        return False


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
