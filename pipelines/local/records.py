"""What the steps of a run have left so far, read from the run's folder."""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from components.common import config
from components.common.artifacts.records import read_record
from components.common.errors import ConfigError
from components.common.progress import Progress
from components.common.step_record import StepRecord
from pipelines.config import STEPS, PipelineName
from pipelines.dags import PIPELINES


@dataclass(frozen=True)
class Snapshot:
    """The records of the steps that have started, and the progress of the running one.

    order: the pipeline's steps. A step that ran for several items has a record for each, named
        "step@item", in the order they started.
    """

    records: tuple[StepRecord, ...]
    progress: Progress | None
    order: tuple[str, ...] = STEPS

    def record(self, step: str) -> StepRecord | None:
        """Return one step's record, None while it has not started."""
        return next((record for record in self.records if record.step == step), None)

    def records_of(self, step: str) -> tuple[StepRecord, ...]:
        """Return a step's own record and those of its items; none while it has not started."""
        return tuple(one for one in self.records if one.step.partition("@")[0] == step)

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


def snapshot(run_dir: Path, pipeline: PipelineName = "training") -> Snapshot:
    """Read the state of a run; safe while steps are writing."""
    folder = run_dir / "steps"
    order = PIPELINES[pipeline].steps
    records: list[StepRecord] = []
    for step in order:
        # A record appears by rename, so it is absent or whole.
        with contextlib.suppress(FileNotFoundError):
            records.append(read_record(folder / f"{step}.json", StepRecord))
        items = [read_record(path, StepRecord) for path in folder.glob(f"{step}@*.json")]
        records += sorted(items, key=lambda record: record.started_unix_s)
    running = next((record.step for record in records if record.state == "running"), None)
    progress = _progress(folder / f"{running}.progress") if running else None
    return Snapshot(tuple(records), progress, order)


def _progress(path: Path) -> Progress | None:
    try:
        return config.load(Progress, json.loads(path.read_text()))
    except (FileNotFoundError, json.JSONDecodeError, ConfigError):
        return None
