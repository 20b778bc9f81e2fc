"""The message about a run: a subject and a few lines."""

import os
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.run_summary import RunSummary
from components.notify.config import NotifyConfig


@dataclass(frozen=True)
class Message:
    """Plain text. `link` is an address, or a path where no address is known; "" for none."""

    subject: str
    lines: tuple[str, ...]
    link: str = ""


def is_due(summary: RunSummary, settings: NotifyConfig) -> bool:
    """Return whether a message is to be sent."""
    if settings.when in {"always", "never"}:
        return settings.when == "always"
    if summary.state != "done":
        return True
    if settings.when == "failures":
        return False
    drift = summary.drift
    if drift is None:
        # A run that trained; on a cluster nothing but the state is known here.
        return summary.verdict is not None
    return drift.decision.word != "keep" and not drift.repeated


def compose(summary: RunSummary, error: str, settings: NotifyConfig, *, run_dir: str) -> Message:
    """Return the message about a run.

    Args:
        summary: the run.
        error: Kubeflow's message, where no step left its own.
        settings: how links are made.
        run_dir: the run's folder; "" on a cluster.
    """
    return Message(
        subject=f"Graft: {_headline(summary)} ({summary.run_id})",
        lines=tuple(_lines(summary, error)),
        link=_link(summary, settings, run_dir),
    )


def _headline(summary: RunSummary) -> str:
    if summary.state != "done":
        where = f" at {summary.failed_step}" if summary.failed_step else ""
        return f"run {summary.state}{where}"
    words = []
    if summary.drift is not None:
        words.append(f"{summary.drift.model_name}: {summary.drift.decision.word}")
    if summary.verdict is not None:
        words.append(f"verdict {summary.verdict.word}")
    return ", ".join(words) or "run done"


def _lines(summary: RunSummary, error: str) -> list[str]:
    lines = []
    if summary.state != "done":
        lines.append(summary.error or error or "No reason was given.")
    if summary.drift is not None:
        lines += [f"{summary.drift.model_name}, version {summary.drift.version}:"]
        lines += [f"- {text}" for text in (*summary.drift.decision.reasons, *summary.drift.notes)]
    if summary.verdict is not None:
        lines.append(f"Verdict: {summary.verdict.word}")
        lines += [f"- {reason}" for reason in summary.verdict.reasons]
    if summary.deployed_version:
        lines.append(f"Version {summary.deployed_version} of {summary.deployed_model} serves.")
    return lines


def _link(summary: RunSummary, settings: NotifyConfig, run_dir: str) -> str:
    path = summary.report or summary.drift_report or run_dir
    if not path or not settings.report_url or not run_dir:
        return path
    # `run_dir` lies in what the address shows.
    below = os.path.relpath(path, Path(run_dir).parent)
    return f"{settings.report_url.rstrip('/')}/{below}"
