"""Training by several nodes, as seen by the step that starts them and waits.

A pod's own files are seen by no other, so shards and settings are copied into a folder of a shared
volume, and the Candidate back from it. The job's name says which run and which settings it is for:
a step that is tried again finds the job that its first attempt has left running, and takes it up.
"""

import contextlib
import logging
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from components.common import config
from components.common.artifacts.records import PROVENANCE
from components.common.errors import GraftError, UnreachableError
from components.train.config import TrainConfig
from components.train.nodes.config import NodesConfig
from components.train.nodes.job import (
    CANDIDATE,
    SETTINGS,
    SHARDS,
    is_leaving,
    job_name,
    manifest,
    state_of,
)
from components.train.nodes.kubernetes import ClusterApi, Patience

LOG = logging.getLogger(__name__)

# A job stops itself at its deadline and says so; this step waits a little longer for that.
_MARGIN_S = 120.0
_LEAVING_S = 300.0
# After SIGTERM there are seconds, not minutes.
_HURRIED = Patience(timeout_s=5.0, total_s=10.0)
_TERMINATED = 143


class JobFailedError(GraftError):
    """The nodes have failed, and their job is left there; or they were late, and it is deleted."""


def train_on_nodes(
    shards: Path,
    *,
    out: Path,
    settings: TrainConfig,
    nodes: NodesConfig,
    api: ClusterApi,
    poll_s: float = 10.0,
) -> None:
    """Have several nodes train, wait for them, and fetch the Candidate.

    Args:
        shards: the Shards artifact.
        out: the folder to write.
        settings: of the training; back end and devices are set by the nodes.
        nodes: how many, where, for how long.
        api: of the cluster.
        poll_s: between two looks at the job.

    Raises:
        JobFailedError: the job failed, or was not done in time.
        GraftError: the job was deleted, or has left no Candidate.
        RequestError: Kubernetes refused something.
        UnreachableError: the API server was away for too long; the job may go on without us.
        SystemExit: SIGTERM, whoever sent it; the job is deleted, if there is time for that.
    """
    run, owners = api.own_run()
    name = job_name(run, config.to_json(settings), config.to_json(nodes))
    exchange = SharedFolder(Path(nodes.exchange) / name)
    job = manifest(name, nodes=nodes, folder=exchange.root, run=run, owners=owners)
    with _exit_on_sigterm():
        try:
            if not _taken_up(api, name, exchange, poll_s):
                exchange.fill(shards, settings)
                api.create_job(job)
                LOG.info("TrainJob %s: %d nodes, runtime %s", name, nodes.count, nodes.runtime)
            _wait(api, name, nodes.timeout_s + _MARGIN_S, poll_s)
            exchange.fetch(out)
        except UnreachableError:
            LOG.warning(
                "the TrainJob %s may go on; another attempt takes it up, without one remove %s",
                name,
                exchange.root,
            )
            raise
        except JobFailedError:
            exchange.remove()
            raise
        except BaseException:
            _clear_away(api, name, exchange)
            raise
    _clear_away(api, name, exchange)


@dataclass(frozen=True)
class SharedFolder:
    """The folder that this step and the nodes share."""

    root: Path

    def fill(self, shards: Path, settings: TrainConfig) -> None:
        """Copy the shards and write the settings."""
        self.remove()
        self.root.mkdir(parents=True)
        LOG.info("copying the shards to %s", self.root)
        shutil.copytree(shards, self.root / SHARDS)
        (self.root / SETTINGS).write_text(config.to_json(settings))

    @property
    def has_candidate(self) -> bool:
        """Whether the nodes have left a whole one."""
        return (self.root / CANDIDATE / PROVENANCE).is_file()

    def fetch(self, out: Path) -> None:
        """Copy the Candidate.

        Raises:
            GraftError: there is none.
        """
        candidate = self.root / CANDIDATE
        if not self.has_candidate:
            raise GraftError(
                f"a Candidate in {candidate}, as the TrainJob is complete",
                received="none",
                do="let the runtime mount the claim that cluster.train_nodes.exchange lies "
                "in, at the same path",
            )
        shutil.copytree(candidate, out, dirs_exist_ok=True)

    def remove(self) -> None:
        """Remove the folder, as far as that goes."""
        shutil.rmtree(self.root, ignore_errors=True)


def _taken_up(api: ClusterApi, name: str, exchange: SharedFolder, poll_s: float) -> bool:
    """Say whether an earlier attempt's job can be waited for; one that cannot is removed."""
    job = api.job(name)
    if job is None:
        return False
    phase = state_of(job).phase
    in_vain = phase == "failed" or (phase == "complete" and not exchange.has_candidate)
    if not in_vain and not is_leaving(job):
        LOG.info("the TrainJob %s of an earlier attempt is taken up", name)
        return True
    LOG.info("removing the TrainJob %s of an earlier attempt", name)
    api.delete_job(name)
    ends = time.monotonic() + _LEAVING_S
    while api.job(name) is not None:
        if time.monotonic() > ends:
            raise GraftError(
                f"the TrainJob {name} of an earlier attempt to be gone",
                received=f"it is still there after {_LEAVING_S:.0f} s",
                do=f"kubectl -n {api.namespace} describe trainjob {name}",
            )
        time.sleep(poll_s)
    return False


def _wait(api: ClusterApi, name: str, timeout_s: float, poll_s: float) -> None:
    """Wait until the job is complete; each change of its state is a line of the log."""
    ends = time.monotonic() + timeout_s
    logged = ""
    while True:
        job = api.job(name)
        if job is None:
            raise GraftError(
                f"the TrainJob {name} to go on",
                received="it is no longer there",
                do="ask who deleted it, or retry the step",
            )
        state = state_of(job)
        if state.words != logged:
            LOG.info("TrainJob %s: %s", name, state.words)
            logged = state.words
        if state.phase == "complete":
            return
        if state.phase == "failed":
            kubectl = f"kubectl -n {api.namespace}"
            logs = f"{kubectl} logs --prefix -l jobset.sigs.k8s.io/jobset-name={name}"
            why = f"read why ({kubectl} describe trainjob {name}; {logs})"
            raise _failed(name, state.words, do=why)
        if time.monotonic() > ends:
            api.delete_job(name)
            words = f"{state.words}, after {timeout_s:.0f} s; it is deleted"
            raise _failed(name, words, do="see that the nodes find room")
        time.sleep(poll_s)


def _failed(name: str, words: str, *, do: str) -> JobFailedError:
    return JobFailedError(
        f"the TrainJob {name} to be complete",
        received=words,
        do=f"{do}, or raise cluster.train_nodes.timeout_s",
    )


def _clear_away(api: ClusterApi, name: str, exchange: SharedFolder) -> None:
    """Remove the job and then the folder, which a job that does not go may still need."""
    try:
        api.delete_job(name, patience=_HURRIED)
    except GraftError as error:
        LOG.warning("%s; %s stays as well", error, exchange.root)
        return
    exchange.remove()


@contextlib.contextmanager
def _exit_on_sigterm() -> Iterator[None]:
    """Turn SIGTERM, by which Kubernetes stops a pod, into an exception."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(_TERMINATED)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
