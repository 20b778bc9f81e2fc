"""The exit step: say how the run ended, whatever happened."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.run_summary import RunState, RunSummary
from components.common.run_context import RunContext
from components.common.run_summary import summarise, write_summary
from components.common.step import Nothing, Step
from components.notify import mail, webhook
from components.notify.config import WEBHOOK, NotifyConfig
from components.notify.message import Message, compose, is_due
from components.notify.retry import persist

LOG = logging.getLogger(__name__)

# PipelineTaskFinalStatus.state; anything else is a state that ends without success.
_STATES: dict[str, RunState] = {
    "SUCCEEDED": "done",
    "FAILED": "failed",
    "CANCELLED": "interrupted",
}


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
    """Write `run.json` into the run's folder, if it has one, log the summary and send messages."""
    ended, error = _STATES.get(inputs.state.upper(), "failed"), inputs.error
    if context.run_dir:
        run_dir = Path(context.run_dir)
        summary = summarise(run_dir, ended, run=context)
        write_summary(summary, run_dir)
        for line in _lines(summary, error):
            LOG.info("%s", line)
    else:
        # A cluster keeps the steps' words in their pods; what is known here is how it ended.
        summary = RunSummary(run_id=context.run_id, state=ended)
        LOG.info("run %s: %s%s", context.run_id, ended, f": {error}" if error else "")
    if is_due(summary, settings):
        deliver(compose(summary, error, settings, run_dir=context.run_dir), settings)


def deliver(message: Message, settings: NotifyConfig) -> None:
    """Send by every way that is set up; what fails is warned of, without any secret."""
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
        else:
            LOG.info("sent by %s", way)


def _lines(summary: RunSummary, error: str) -> list[str]:
    lines = [f"run {summary.run_id}: {summary.state} after {summary.seconds:.1f} s"]
    if summary.state != "done":
        where = f"step '{summary.failed_step}': " if summary.failed_step else ""
        lines.append(f"{where}{summary.error or error or 'no reason was given'}")
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
