"""Evaluate the model of a finished run once more, with all pictures instead of a sample."""

import dataclasses
import json
import shutil
from pathlib import Path

from components.common import config
from components.common.artifacts.run_summary import RUN_SUMMARY, read_summary
from components.common.errors import InputError
from components.common.run_context import RunContext
from components.evaluate.config import EvaluateConfig
from pipelines.local.finished import artifacts, run_folder, silence_tensorflow

# What evaluate reads, and which step's output it is; after a tuning the candidate is the chosen
# one.
_READ = {
    "exported": ("export.exported",),
    "candidate": ("select.candidate", "train.candidate"),
    "dataset": ("validate.validated",),
    "inspection": ("inspect.inspection",),
}
FOLDER = "full_evaluation"


def evaluate_again(word: str, *, runs_dir: Path, full: bool) -> Path:
    """Write a new Evaluation beside what the run has left, and return its page.

    The model is judged alone: what serves now may be the model itself. The run's own figures and
    its verdict stay as they are.

    Args:
        word: the run's name, the path of its folder, or "latest".
        runs_dir: where runs are.
        full: see `EvaluateConfig`.

    Raises:
        InputError: there is no such run, or its artifacts are gone.
    """
    silence_tensorflow()
    from components.evaluate.step import EvaluateInputs, EvaluateOutputs, run

    run_dir = run_folder(word, runs_dir)
    if not (run_dir / RUN_SUMMARY).is_file():
        raise InputError(
            f"a run in {run_dir} that has ended",
            received="one that has not",
            do="wait for it, or run the pipeline again",
        )
    places = artifacts(read_summary(run_dir), run_dir, _READ)
    sections = json.loads((run_dir / "arguments.json").read_text())
    settings = config.from_struct(EvaluateConfig, sections["evaluate"], where="evaluate")
    context = config.from_struct(RunContext, sections["run"], where="run")
    out = run_dir / FOLDER
    shutil.rmtree(out, ignore_errors=True)
    run(
        dataclasses.replace(settings, full=full, model_base_path=""),
        EvaluateInputs(**places),
        EvaluateOutputs(evaluation=out),
        context,
    )
    return out / "report.html"
