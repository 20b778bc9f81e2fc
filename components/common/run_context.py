"""What each step is given of its run, beside its own settings."""

from dataclasses import dataclass
from pathlib import Path

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class RunContext(Section):
    """Identity and places of a run. Travels as one STRUCT; steps read no environment.

    `run_dir` and `cache_dir` are "" on a cluster: logs then go to the pod's own output and
    Kubeflow does the caching. `item` tells parallel tasks of one step apart; `deadline_unix_s`
    is when a run with a time budget should be done, 0 without one.
    """

    run_id: str
    commit: str = ""
    data_sha256: str = ""
    config_sha256: str = ""
    run_dir: str = ""
    cache_dir: str = ""
    item: str = ""
    deadline_unix_s: float = 0.0

    def label(self, step: str) -> str:
        """Return the name under which a step leaves its files: with `item`, "train@item"."""
        return f"{step}@{self.item}" if self.item else step

    def step_file(self, step: str, suffix: str) -> Path | None:
        """Return where a step leaves its log, progress or record; None on a cluster."""
        if not self.run_dir:
            return None
        folder = Path(self.run_dir) / "steps"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{step}.{suffix}"
