"""The process of a job: `python -m pipelines.ui.jobs.child FOLDER` runs its command of `graft`."""

import signal
import sys
import time
from pathlib import Path

from components.common.artifacts.records import read_record, write_record
from pipelines.ui.jobs.records import END, JOB, STOPPED, ConsoleJob, JobEnd


def main(folder: Path) -> int:
    """Run the job and return its exit code; what it prints goes where this process prints."""
    # Asked to stop while the command is still being imported, it ends as later.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    code = 1
    try:
        sys.argv = ["graft", *read_record(folder / JOB, ConsoleJob).words]
        from pipelines.cli import main as graft

        graft()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    except KeyboardInterrupt:
        code = STOPPED
    finally:
        write_record(folder / END, JobEnd(exit_code=code, at_unix_s=time.time()))
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
