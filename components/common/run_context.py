"""What each step is given of its run, beside its own settings."""

import dataclasses
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from components.common.config import Section

LOG = logging.getLogger(__name__)

# The run's id on Kubeflow; every pod gets it from its own label (pipelines/cluster/spec).
RUN_ID_VARIABLE = "KFP_RUN_ID"
# What compiled pipelines say instead: their text is the same for all runs.
ANY_RUN = "kubeflow"


@dataclass(frozen=True, kw_only=True)
class RunContext(Section):
    """Identity and places of a run. Travels as one STRUCT.

    `run_dir` and `cache_dir` are "" on a cluster: logs then go to the pod's own output and
    Kubeflow does the caching. There `store` is a folder on a shared volume, below which each run
    leaves what its exit step reads, "" without one, and `ui` the address of Kubeflow's pages.
    `item` tells parallel tasks of one step apart; `deadline_unix_s` is when a run with a time
    budget should be done, 0 without one.
    """

    run_id: str
    commit: str = ""
    data_sha256: str = ""
    config_sha256: str = ""
    run_dir: str = ""
    cache_dir: str = ""
    store: str = ""
    ui: str = ""
    item: str = ""
    deadline_unix_s: float = 0.0

    def of_this_process(self) -> "RunContext":
        """Return the context with the id of the very run that this process works for.

        As a parameter the id would be part of what Kubeflow compares before it reuses a result.
        """
        if self.run_id != ANY_RUN:
            return self
        run_id = os.environ.get(RUN_ID_VARIABLE, "")
        if not run_id:
            LOG.warning("this pod does not know its run: %s is not set", RUN_ID_VARIABLE)
            return self
        return dataclasses.replace(self, run_id=run_id)

    @property
    def records_dir(self) -> Path | None:
        """The folder with `steps/<step>.json`: the run's own, or one in `store`; None without."""
        if self.run_dir:
            return Path(self.run_dir)
        if self.store and self.run_id != ANY_RUN:
            return Path(self.store) / self.run_id
        return None

    @property
    def page(self) -> str:
        """The address of the run in Kubeflow's pages, "" where it is not known."""
        return run_page(self.ui, self.run_id) if self.ui and self.run_id != ANY_RUN else ""

    def label(self, step: str) -> str:
        """Return the name under which a step leaves its files: with `item`, "train@item"."""
        return f"{step}@{self.item}" if self.item else step

    def step_file(self, step: str, suffix: str) -> Path | None:
        """Return where a step leaves its log or progress; None on a cluster."""
        if not self.run_dir:
            return None
        folder = Path(self.run_dir) / "steps"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{step}.{suffix}"


def run_page(ui: str, run_id: str) -> str:
    """Return the page of a run in Kubeflow's own interface, which is at the address `ui`."""
    return f"{ui.rstrip('/')}/#/runs/details/{run_id}"
