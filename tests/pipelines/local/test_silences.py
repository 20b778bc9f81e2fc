"""What kfp.local would pass over in silence fails the run."""

import subprocess
import sys
from pathlib import Path

import pytest

PIPELINE = """
import sys
from kfp import dsl, local
from pipelines.local.silences import listen

@dsl.component(base_image="python", install_kfp_package=False)
def word(text: str) -> str:
    return text

@dsl.pipeline
def branches(text: str):
    said = word(text=text)
    with dsl.If(said.output == "yes"):
        word(text="then")
    with dsl.Else():
        word(text="else")

listener = listen()
local.init(local.SubprocessRunner(use_venv=False), pipeline_root=sys.argv[1])
branches(text=sys.argv[2])
listener.check()
"""


@pytest.mark.slow
@pytest.mark.parametrize(("word", "succeeds"), [("yes", True), ("no", True), ("it's", False)])
def test_a_condition_that_cannot_be_evaluated_fails_the_run(
    tmp_path: Path, word: str, succeeds: bool
) -> None:
    script = tmp_path / "branches.py"
    script.write_text(PIPELINE)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "root"), word],
        capture_output=True,
        text=True,
        check=False,
    )
    # kfp itself takes all three for a success.
    assert "finished with status" in done.stdout and "FAILURE" not in done.stdout
    assert (done.returncode == 0) is succeeds, done.stderr
    assert ("every condition" in done.stderr) is not succeeds
