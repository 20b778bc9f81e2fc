"""`tools/engine.sh down` stops its own dockerd and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "tools" / "engine.sh"


def down(state: Path) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "GRAFT_ENGINE_STATE": str(state), "GRAFT_ENGINE_DATA": f"{state}-data"}
    return subprocess.run(
        [str(SCRIPT), "down"], env=env, capture_output=True, text=True, check=False
    )


def test_a_number_that_belongs_to_somebody_else_by_now_is_left_alone(tmp_path: Path) -> None:
    state = tmp_path / "engine"
    state.mkdir()
    words = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(words) as other:
        (state / "dockerd.pid").write_text(f"{other.pid}\n")
        done = down(state)
        assert done.returncode == 0, done.stderr
        assert other.poll() is None
        other.kill()
    assert not state.exists()


def test_without_an_engine_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert down(tmp_path / "none").returncode == 0
