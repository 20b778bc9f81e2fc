"""Run the pipeline on this machine, one subprocess a step, and watch it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from components.common.errors import GraftError
from components.common.run_context import RunContext
from pipelines.config import PipelineName
from pipelines.dags.arguments import write_arguments
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
    arguments: dict[str, str],
    *,
    on_change: Callable[[Snapshot], None],
    pipeline: PipelineName = "training",
) -> LocalRun:
    """Execute a pipeline and report until it ends.

    Args:
        context: the run's identity and places.
        arguments: the pipeline's arguments.
        on_change: called several times a second with the state of all steps.
        pipeline: which one.

    Raises:
        PipelineFailedError: a step failed, or kfp skipped what it should have run.
        KeyboardInterrupt: the user stopped the run; all its processes are gone.
    """
    run_dir = Path(context.run_dir)
    write_arguments(run_dir / "arguments.json", arguments)
    log_path = run_dir / "kfp.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.local.child", str(run_dir), pipeline],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
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
    _check(last, process.returncode, log_path, pipeline)
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


def _check(
    last: Snapshot, returncode: int, log_path: Path, pipeline: PipelineName = "training"
) -> None:
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
    if pipeline == "monitoring" and not _trained_as_told(last, log_path):
        return
    # kfp.local can skip a branch without a word; a passed gate must have led to a deployment.
    gate, deploy = last.record("gate"), last.record("deploy")
    if gate is None or (gate.result == "deploy") != (deploy is not None):
        raise PipelineFailedError(
            "expected the step 'deploy' to run exactly when the gate says 'deploy', received "
            f"gate: {gate.result if gate else 'not run'}, deploy: "
            f"{deploy.state if deploy else 'not run'}; report this with {log_path}",
            exit_code=1,
        )


def _trained_as_told(last: Snapshot, log_path: Path) -> bool:
    """Return whether the monitor had a model trained; it must have exactly when it said so."""
    monitor, ingest = last.record("monitor"), last.record("ingest")
    if monitor is None or (monitor.result == "retrain") != (ingest is not None):
        raise PipelineFailedError(
            "expected the training to run exactly when the monitor says 'retrain', received "
            f"monitor: {monitor.result if monitor else 'not run'}, ingest: "
            f"{ingest.state if ingest else 'not run'}; report this with {log_path}",
            exit_code=1,
        )
    return ingest is not None
