"""The exit step: say how the run ended, whatever happened."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.monitoring.claims import settle
from components.common.artifacts.run_summary import RunState, RunSummary
from components.common.errors import GraftError
from components.common.files import remove_folder
from components.common.run_context import RunContext
from components.common.run_summary import summarise, write_summary
from components.common.step import Nothing, Step
from components.notify import mail, webhook
from components.notify.config import WEBHOOK, NotifyConfig
from components.notify.message import Message, compose, is_due, why
from components.notify.retry import persist

LOG = logging.getLogger(__name__)

# PipelineTaskFinalStatus.state. On a cluster it is ML Metadata's word for the tasks before the exit
# step (Execution.State; kubeflow/pipelines 2.17.0, backend/src/v2/driver/resolve.go), on this
# machine kfp.local's. Any other says neither that a run went well nor that it failed: the driver
# leaves RUNNING where a branch was skipped, and where a pod died before it could report.
_STATES: dict[str, RunState] = {
    "COMPLETE": "done",
    "CACHED": "done",
    "SUCCEEDED": "done",
    "FAILED": "failed",
    "CANCELED": "interrupted",
    "CANCELLED": "interrupted",
}
# Runs of a cluster whose records are kept in the store.
_KEPT_RUNS = 200


@dataclass(frozen=True, kw_only=True)
class NotifyInputs:
    """How the pipeline ended.

    state: as Kubeflow names it.
    error: Kubeflow's message, "" when there is none; used where no step left its own.
    """

    state: str
    error: str = ""


def run(
    settings: NotifyConfig, inputs: NotifyInputs, outputs: Nothing, context: RunContext
) -> None:
    """Write `run.json` beside the steps' records, if there are any, log it and send messages."""
    ended, word = _STATES.get(inputs.state.upper(), "unclear"), inputs.state
    folder = context.records_dir
    if folder is None:
        # Of what the steps found nothing is known here, only how the run ended.
        note = "The store of models is on no shared volume: what the steps found is in their logs."
        summary = RunSummary(
            run_id=context.run_id, state=ended, end_word=word, page=context.page, notes=(note,)
        )
    else:
        summary = summarise(folder, ended, run=context, end_word=word)
        _write(summary, folder, context)
    for line in _lines(summary, inputs.error):
        LOG.info("%s", line)
    delivered = is_due(summary, settings) and deliver(
        compose(summary, inputs.error, settings, run_dir=str(folder or "")), settings
    )
    settle_claim(summary, delivered=delivered)


def _write(summary: RunSummary, folder: Path, context: RunContext) -> None:
    """Write `run.json`; in the store of a cluster, which is nobody's own, only if that works."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_summary(summary, folder)
        if not context.run_dir:
            _remove_oldest(folder.parent)
    except OSError as error:
        if context.run_dir:
            raise
        LOG.warning("the summary is not kept, %s is not writable: %s", context.store, error)


def _remove_oldest(store: Path) -> None:
    runs = sorted(store.iterdir(), key=lambda run: run.stat().st_mtime, reverse=True)
    for run in runs[_KEPT_RUNS:]:
        remove_folder(run)


def settle_claim(summary: RunSummary, *, delivered: bool) -> None:
    """Say what became of the trigger that a look has claimed; else a later look acts on it again.

    A retraining is done when the run is, whatever the verdict; a question when people have it.
    """
    drift = summary.drift
    if drift is None or not drift.claim:
        return
    if drift.decision.word == "retrain":
        done = {"done": True, "failed": False, "interrupted": False}.get(summary.state)
    else:
        done = True if delivered else None
    if done is None:
        LOG.warning("'%s' may not have been followed; a later look will", drift.decision.word)
        return
    try:
        settle(Path(drift.claim), summary.run_id, done=done)
    except (OSError, ValueError, GraftError) as problem:
        LOG.warning("the claim %s was not settled: %s", drift.claim, problem)


def deliver(message: Message, settings: NotifyConfig) -> bool:
    """Send by every way that is set up; what fails is warned of, without any secret.

    Returns:
        Whether no way failed.
    """
    sent = True
    url, ways = os.environ.get(WEBHOOK, ""), dict[str, Callable[[], None]]()
    if url:
        ways["webhook"] = lambda: webhook.post(message, url, timeout_s=settings.timeout_s)
    if settings.email_to:
        ways["e-mail"] = lambda: mail.send(message, settings)
    for way, attempt in ways.items():
        try:
            persist(attempt, attempts=settings.attempts)
        except Exception as error:
            LOG.warning("not sent by %s: %s", way, error)
            sent = False
        else:
            LOG.info("sent by %s", way)
    return sent


def _lines(summary: RunSummary, error: str) -> list[str]:
    lines = [f"run {summary.run_id}: {summary.state} after {summary.seconds:.1f} s"]
    if summary.state != "done":
        where = f"step '{summary.failed_step}': " if summary.failed_step else ""
        lines.append(f"{where}{why(summary, error)}")
    lines += [
        f"{step.step}: {step.state}, {step.seconds:.1f} s, {step.peak_memory_bytes / 2**30:.2f} GiB"
        for step in summary.steps
    ]
    lines += [
        f"{metric.name}: {metric.value:.3f} ({metric.low:.3f} to {metric.high:.3f})"
        for metric in summary.metrics
    ]
    if summary.drift is not None:
        lines.append(f"monitor: {summary.drift.decision.word}")
        lines += [f"- {reason}" for reason in summary.drift.decision.reasons]
    if summary.verdict is not None:
        lines.append(f"verdict: {summary.verdict.word}")
        lines += [f"- {reason}" for reason in summary.verdict.reasons]
    if summary.deployed_version:
        lines.append(f"deployed: version {summary.deployed_version} at {summary.deployed_path}")
    return [*lines, *summary.notes]


STEP = Step("notify", run)
