"""Run the pipeline on this machine, one subprocess a step, and watch it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.common.errors import GraftError
from components.common.run_context import RunContext
from components.common.warm.owner import child_environment, here
from pipelines.config import PipelineName
from pipelines.local.containers import CONTAINERS, remove_left
from pipelines.local.records import Snapshot, snapshot

POLL_INTERVAL_S = 0.2


class PipelineFailedError(GraftError):
    """A step failed; carries the step's own words and exit code."""

    def __init__(self, message: str, *, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True)
class LocalRun:
    """A finished local run: where it is and what its steps left."""

    run_dir: Path
    last: Snapshot


def run_locally(
    context: RunContext,
    arguments: Mapping[str, Any],
    *,
    on_change: Callable[[Snapshot], None],
    pipeline: PipelineName = "training",
) -> LocalRun:
    """Execute a pipeline and report the state of all steps several times a second.

    Raises:
        PipelineFailedError: a step failed, or kfp skipped what it should have run.
        KeyboardInterrupt: the user stopped the run; all its processes are gone.
    """
    run_dir = Path(context.run_dir)
    (run_dir / "arguments.json").write_text(json.dumps(arguments, indent=2) + "\n")
    log_path = run_dir / "kfp.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.local.child", str(run_dir), pipeline, here()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=child_environment(),
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                on_change(snapshot(run_dir, pipeline))
                time.sleep(POLL_INTERVAL_S)
        finally:
            _stop_group(process)
            if (run_dir / CONTAINERS).exists():
                remove_left(run_dir.name)
    last = snapshot(run_dir, pipeline)
    on_change(last)
    _check(last, process.returncode, log_path)
    return LocalRun(run_dir, last)


def _stop_group(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is not None:
        return
    for number, patience_s in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
            return


def _check(last: Snapshot, returncode: int, log_path: Path) -> None:
    failed = last.failed
    if failed is not None:
        raise PipelineFailedError(
            f"step '{failed.step}' failed: {failed.error}", exit_code=failed.exit_code or 1
        )
    if returncode != 0:
        raise PipelineFailedError(
            f"the pipeline ended with code {returncode} before any step reported an error; "
            f"expected code 0; read the end of {log_path}",
            exit_code=1,
        )
    # kfp.local can skip a branch without a word.
    if "monitor" in last.order and not _branched(last, "monitor", "retrain", "ingest", log_path):
        return
    _branched(last, "gate", "deploy", "deploy", log_path)


def _branched(last: Snapshot, step: str, word: str, following: str, log_path: Path) -> bool:
    """Return whether the step that follows on a word has run; it must have exactly then."""
    decided, followed = last.record(step), last.record(following)
    if decided is None or (decided.result == word) != (followed is not None):
        raise PipelineFailedError(
            f"expected the step '{following}' to run exactly when the {step} says '{word}', "
            f"received {step}: {decided.result if decided else 'not run'}, {following}: "
            f"{followed.state if followed else 'not run'}; report this with {log_path}",
            exit_code=1,
        )
    return followed is not None
