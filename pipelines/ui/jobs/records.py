"""What is known of a command that the console has started, all of it in the job's folder.

<state>/jobs/<id>/
├── job.json        ConsoleJob: what was asked for
├── <name>.yaml     the settings of a run
├── process.json    JobProcess: written when it is started
├── output.log      what it prints
├── stop            it was asked to end
└── end.json        JobEnd: written by it when it ends
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from components.common.errors import InputError

JOB, PROCESS, END, OUTPUT = "job.json", "process.json", "end.json", "output.log"
STOP = "stop"
# The exit code of a command that was stopped.
STOPPED = 130
_JOBS = "jobs"
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")

JobKind = Literal["run", "override"]


@dataclass(frozen=True, kw_only=True)
class ConsoleJob:
    """A command line of `graft`.

    id: what the form carried that asked for it, so that a form sent twice is one job.
    words: after `graft`. model_name: whose it is. about: what a person calls it: a folder, a run.
    run_name: what the name of the run's folder ends with, "" for no run.
    """

    id: str
    kind: JobKind
    words: tuple[str, ...]
    model_name: str
    about: str
    started_unix_s: float
    run_name: str = ""


@dataclass(frozen=True, kw_only=True)
class JobProcess:
    """The process of a job; with its time of birth, since numbers are used again."""

    pid: int
    born_unix_s: float


@dataclass(frozen=True, kw_only=True)
class JobEnd:
    """How a job ended: exit codes as those of the command line."""

    exit_code: int
    at_unix_s: float


def jobs_folder(state: Path) -> Path:
    """Return the folder of all jobs."""
    return state / _JOBS


def job_folder(state: Path, job_id: str) -> Path:
    """Return a job's folder, there or not.

    Raises:
        InputError: the id is none; so it is never taken for a path.
    """
    if not _ID.fullmatch(job_id):
        raise InputError(
            "the number of a job", received=f"'{job_id[:80]}'", do="choose it from the list"
        )
    return jobs_folder(state) / job_id
