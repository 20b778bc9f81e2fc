"""How a job stands: from its folder, and from the folder of the run that it started."""

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from components.common.artifacts.records import read_record
from components.common.artifacts.run_summary import RUN_SUMMARY, RunSummary, read_summary
from components.common.errors import InputError
from pipelines.local.records import Snapshot, snapshot
from pipelines.ui.jobs.records import (
    END,
    JOB,
    OUTPUT,
    PROCESS,
    STOP,
    STOPPED,
    ConsoleJob,
    JobEnd,
    JobProcess,
    job_folder,
    jobs_folder,
)

JobState = Literal["running", "done", "failed", "stopped"]

# Between the form and its process.
_BEGINS_WITHIN_S = 10.0
_TAIL_BYTES = 4000


@dataclass(frozen=True, kw_only=True)
class JobView:
    """A job now.

    error: why it failed, in the command's own words; "" otherwise.
    run_dir: of the run that it started, None before there is one.
    steps, summary: of that run; `summary` once it is over.
    """

    job: ConsoleJob
    state: JobState
    error: str
    run_dir: Path | None
    steps: Snapshot | None
    summary: RunSummary | None


def look(state: Path, job_id: str, *, runs_dir: Path) -> JobView:
    """Return how a job stands.

    Raises:
        InputError: there is no such job.
    """
    folder = job_folder(state, job_id)
    if not (folder / JOB).is_file():
        raise InputError("a job that was started here", received=f"'{job_id}'", do="look at /new")
    job = read_record(folder / JOB, ConsoleJob)
    run_dir = _run_dir(job, runs_dir)
    steps = snapshot(run_dir) if run_dir else None
    summary = None
    if run_dir and (run_dir / RUN_SUMMARY).is_file():
        with contextlib.suppress(InputError):
            summary = read_summary(run_dir)
    now = _state(folder, job)
    error = ""
    if now == "failed":
        failed = steps.failed if steps else None
        error = failed.error if failed else _last_words(folder / OUTPUT)
    return JobView(job=job, state=now, error=error, run_dir=run_dir, steps=steps, summary=summary)


def jobs(state: Path, *, runs_dir: Path, most: int) -> tuple[JobView, ...]:
    """Return the newest jobs, newest first; damaged records are left out."""
    found = []
    for path in jobs_folder(state).glob(f"*/{JOB}"):
        with contextlib.suppress(InputError, OSError):
            found.append(read_record(path, ConsoleJob))
    newest = sorted(found, key=lambda job: job.started_unix_s, reverse=True)[:most]
    return tuple(look(state, job.id, runs_dir=runs_dir) for job in newest)


def process_of(folder: Path) -> psutil.Process | None:
    """Return the process of a job, None where it has ended or not begun."""
    try:
        known = read_record(folder / PROCESS, JobProcess)
        process = psutil.Process(known.pid)
        alive = process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        same = abs(process.create_time() - known.born_unix_s) < 1.0
    except (FileNotFoundError, InputError, psutil.Error):
        return None
    return process if alive and same else None


def _state(folder: Path, job: ConsoleJob) -> JobState:
    running = process_of(folder) is not None
    # In this order: a process that ends between the two has left its end.
    with contextlib.suppress(FileNotFoundError, InputError):
        code = read_record(folder / END, JobEnd).exit_code
        return "done" if code == 0 else "stopped" if code == STOPPED else "failed"
    begun = (folder / PROCESS).exists()
    begins = not begun and time.time() - job.started_unix_s < _BEGINS_WITHIN_S
    if running or begins:
        return "running"
    return "stopped" if (folder / STOP).exists() else "failed"


def _run_dir(job: ConsoleJob, runs_dir: Path) -> Path | None:
    if not job.run_name:
        return None
    found = (path for path in runs_dir.glob(f"*-{job.run_name}") if path.is_dir())
    return next(iter(sorted(found)), None)


def _last_words(output: Path) -> str:
    """Return what a command said last: its error, or else its last line."""
    try:
        with output.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - _TAIL_BYTES))
            text = stream.read().decode("utf-8", "replace").strip()
    except OSError:
        text = ""
    _, found, error = text.rpartition("error:")
    if found:
        return error.strip()
    return text.splitlines()[-1] if text else "the process has ended without a word"
