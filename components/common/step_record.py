"""What a step leaves in its run's folder: its record, its log, its progress."""

import contextlib
import dataclasses
import logging
import os
import resource
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.common import progress
from components.common.artifacts.records import write_record
from components.common.errors import GraftError
from components.common.files import write_bytes
from components.common.run_context import RunContext

LOG = logging.getLogger("graft.step")


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """What the run summary says of a step. `state` is "running", "done", "reused" or "failed"."""

    step: str
    state: str
    started_unix_s: float
    seconds: float = 0.0
    peak_memory_bytes: int = 0
    result: str = ""
    error: str = ""
    exit_code: int = 0
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class Recorded:
    """What a step that goes well says of itself before it ends."""

    started_unix_s: float
    state: str = "done"
    result: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


@contextlib.contextmanager
def recording(context: RunContext, step: str) -> Iterator[Recorded]:
    """Record a step while the block runs, whether it ends well or fails.

    A run without a folder has its log in the process's own output.
    """
    label = context.label(step)
    recorded = Recorded(time.time())
    record = StepRecord(step=label, state="running", started_unix_s=recorded.started_unix_s)
    _note(context, record)
    with _logging_to(context.step_file(label, "log")), _progress_to(context, label):
        try:
            yield recorded
        except BaseException as error:
            # A disk without room for this note must not hide what filled it.
            with contextlib.suppress(OSError):
                _note(context, _ended(record, state="failed", **_words(error)))
            LOG.exception("%s failed", step)
            raise
    _note(context, _ended(record, **vars(recorded)))


def keep_for_exit_step(
    context: RunContext, step: str, outputs: Mapping[str, Path]
) -> dict[str, str]:
    """Copy records and pages of outputs beside the step's record, and return the copies' folders.

    For a cluster, where the exit step's pod sees no output of another step.
    """
    if context.records_dir is None:
        return {}
    copies = {name: context.records_dir / f"{context.label(step)}.{name}" for name in outputs}
    with _at_best_effort(context):
        for name, source in outputs.items():
            copies[name].mkdir(parents=True, exist_ok=True)
            for file in (*source.glob("*.json"), *source.glob("*.html")):
                write_bytes(copies[name] / file.name, file.read_bytes())
    return {name: str(path) for name, path in copies.items()}


def _note(context: RunContext, record: StepRecord) -> None:
    if context.records_dir is None:
        return
    with _at_best_effort(context):
        folder = context.records_dir / "steps"
        folder.mkdir(parents=True, exist_ok=True)
        write_record(folder / f"{record.step}.json", record)


@contextlib.contextmanager
def _at_best_effort(context: RunContext) -> Iterator[None]:
    """Warn where the store of a cluster cannot be written: no step fails for want of a message."""
    try:
        yield
    except OSError as error:
        if context.run_dir:
            raise
        LOG.warning(
            "people will not hear of this step, %s is not writable: %s", context.store, error
        )


def _ended(record: StepRecord, **changes: Any) -> StepRecord:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    seconds = time.time() - record.started_unix_s
    return dataclasses.replace(record, seconds=seconds, peak_memory_bytes=peak, **changes)


def _words(error: BaseException) -> dict[str, Any]:
    if isinstance(error, GraftError):
        return {"error": str(error), "exit_code": error.exit_code}
    text = "".join(traceback.format_exception_only(error)).strip()
    return {"error": text, "exit_code": 1}


@contextlib.contextmanager
def _logging_to(path: Path | None) -> Iterator[None]:
    """Send this process's standard output and error (native libraries too) to the step's log."""
    if path is None:
        logging.basicConfig(level=logging.INFO)
        yield
        return
    saved = [os.dup(1), os.dup(2)]
    _flush()
    with path.open("ab", buffering=0) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()
        _flush()
        for number, descriptor in zip((1, 2), saved, strict=True):
            os.dup2(descriptor, number)
            os.close(descriptor)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


@contextlib.contextmanager
def _progress_to(context: RunContext, step: str) -> Iterator[None]:
    path = context.step_file(step, "progress")
    listener = progress.FileListener(path) if path else progress.LogListener()
    with progress.listening(listener):
        yield
