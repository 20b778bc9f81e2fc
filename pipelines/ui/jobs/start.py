"""Start jobs, and stop them."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import psutil

from components.common.artifacts.records import write_record
from components.common.files import new_folder
from pipelines.ui.jobs.look import process_of
from pipelines.ui.jobs.records import JOB, OUTPUT, PROCESS, STOP, ConsoleJob, JobProcess, job_folder


def start(state: Path, job: ConsoleJob, files: Mapping[str, str] | None = None) -> bool:
    """Start a job unless one with its id was started before; return whether it was this call.

    Args:
        state: the console's folder.
        job: what to do; its words may name `files`, below the job's folder.
        files: texts to put there.

    Raises:
        InputError: its id is none.
        OSError: the folder cannot be written.
    """
    folder = job_folder(state, job.id)
    try:
        with new_folder(folder) as partial:
            for name, text in (files or {}).items():
                (partial / name).write_text(text)
            write_record(partial / JOB, job)
    except OSError:
        if (folder / JOB).is_file():
            return False  # of two at once, the other one was first
        raise
    with (folder / OUTPUT).open("ab") as output:
        process = subprocess.Popen(
            # -P: a folder `pipelines` where the user stands is not ours.
            [sys.executable, "-P", "-m", "pipelines.ui.jobs.child", str(folder.resolve())],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # It outlives the console, and Ctrl-C there is not meant for it. No line is wrapped.
            start_new_session=True,
            env={**os.environ, "COLUMNS": "1000"},
        )
    born_unix_s = psutil.Process(process.pid).create_time()
    write_record(folder / PROCESS, JobProcess(pid=process.pid, born_unix_s=born_unix_s))
    # Whoever starts a process has to take note of its end.
    threading.Thread(target=process.wait, daemon=True).start()
    return True


def stop(state: Path, job_id: str) -> None:
    """Ask a job to end, as Ctrl-C would; one that has ended is left alone."""
    folder = job_folder(state, job_id)
    process = process_of(folder)
    if process is not None:
        (folder / STOP).touch()
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
