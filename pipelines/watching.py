"""What the steps of a run have left so far, read from the run's folder."""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from components.common import config
from components.common.artifacts.records import read_record
from components.common.errors import ConfigError
from components.common.progress import Progress
from components.common.step import StepRecord

STEP_ORDER = (
    "ingest",
    "validate",
    "augment",
    "train",
    "export",
    "evaluate",
    "gate",
    "deploy",
    "notify",
)


@dataclass(frozen=True)
class Snapshot:
    """The records of the steps that have started, and the progress of the running one."""

    records: tuple[StepRecord, ...]
    progress: Progress | None

    def record(self, step: str) -> StepRecord | None:
        """Return one step's record, None while it has not started."""
        return next((record for record in self.records if record.step == step), None)

    @property
    def failed(self) -> StepRecord | None:
        """The step that failed, if one did."""
        return next((record for record in self.records if record.state == "failed"), None)

    def output(self, step: str, name: str) -> Path:
        """Return the folder of an artifact that a finished step wrote."""
        record = self.record(step)
        if record is None or name not in record.outputs:
            raise KeyError(f"step '{step}' has left no artifact '{name}'")
        return Path(record.outputs[name])


def snapshot(run_dir: Path) -> Snapshot:
    """Read the state of a run; safe while steps are writing."""
    folder = run_dir / "steps"
    records: list[StepRecord] = []
    for step in STEP_ORDER:
        # A record appears by rename, so it is absent or whole.
        with contextlib.suppress(FileNotFoundError):
            records.append(read_record(folder / f"{step}.json", StepRecord))
    running = next((record.step for record in records if record.state == "running"), None)
    return Snapshot(tuple(records), _progress(folder / f"{running}.progress") if running else None)


def _progress(path: Path) -> Progress | None:
    try:
        return config.load(Progress, json.loads(path.read_text()))
    except (FileNotFoundError, json.JSONDecodeError, ConfigError):
        return None
