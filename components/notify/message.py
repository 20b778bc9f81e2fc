"""The message about a run: a subject and a few lines."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.run_summary import RunSummary
from components.notify.config import NotifyConfig


@dataclass(frozen=True, kw_only=True)
class MessageLink:
    """Where more is found: an address, or a path where no address is known."""

    name: str
    target: str


@dataclass(frozen=True)
class Message:
    """Plain text, and links."""

    subject: str
    lines: tuple[str, ...]
    links: tuple[MessageLink, ...] = ()


def is_due(summary: RunSummary, settings: NotifyConfig) -> bool:
    """Return whether a message is to be sent."""
    if settings.when in {"always", "never"}:
        return settings.when == "always"
    if summary.state in {"failed", "interrupted"}:
        return True
    if settings.when == "failures":
        return False
    drift = summary.drift
    if drift is None:
        # A run that trained, or one of whose end nothing is known.
        return summary.verdict is not None or summary.state == "unclear"
    return drift.decision.word != "keep" and not drift.repeated


def compose(summary: RunSummary, error: str, settings: NotifyConfig, *, run_dir: str) -> Message:
    """Return the message about a run.

    Args:
        summary: the run.
        error: Kubeflow's message, where no step left its own.
        settings: how links are made.
        run_dir: the folder with the run's records; "" where there is none.
    """
    return Message(
        subject=f"Graft: {_headline(summary)} ({summary.run_id})",
        lines=tuple(_lines(summary, error)),
        links=tuple(_links(summary, settings, run_dir)),
    )


def why(summary: RunSummary, error: str) -> str:
    """Return what is known of why a run did not end well; `error` is Kubeflow's message or ""."""
    if summary.state == "unclear":
        last = f"'{summary.steps[-1].step}'" if summary.steps else "none"
        return (
            f"Kubeflow says {summary.end_word or 'nothing'}, which is neither success nor failure. "
            f"The last step that reported: {last}."
        )
    return summary.error or error or "No reason was given."


def _headline(summary: RunSummary) -> str:
    words = []
    if summary.state == "unclear":
        words.append(f"run ended as {summary.end_word or 'nothing known'}")
    elif summary.state != "done":
        where = f" at {summary.failed_step}" if summary.failed_step else ""
        return f"run {summary.state}{where}"
    if summary.drift is not None:
        words.append(f"{summary.drift.model_name}: {summary.drift.decision.word}")
    if summary.verdict is not None:
        words.append(f"verdict {summary.verdict.word}")
    return ", ".join(words) or "run done"


def _lines(summary: RunSummary, error: str) -> list[str]:
    lines = []
    if summary.state != "done":
        lines.append(why(summary, error))
    if summary.drift is not None:
        lines += [f"{summary.drift.model_name}, version {summary.drift.version}:"]
        lines += [f"- {text}" for text in (*summary.drift.decision.reasons, *summary.drift.notes)]
    if summary.verdict is not None:
        lines.append(f"Verdict: {summary.verdict.word}")
        lines += [f"- {reason}" for reason in summary.verdict.reasons]
    if summary.deployed_version:
        lines.append(f"Version {summary.deployed_version} of {summary.deployed_model} serves.")
    return lines


def _links(summary: RunSummary, settings: NotifyConfig, run_dir: str) -> Iterator[MessageLink]:
    path = summary.report or summary.drift_report or run_dir
    if path and run_dir and settings.report_url:
        # `run_dir` lies in what the address shows.
        below = os.path.relpath(path, Path(run_dir).parent)
        path = f"{settings.report_url.rstrip('/')}/{below}"
    if path:
        yield MessageLink(name="report", target=path)
    if summary.page:
        yield MessageLink(name="run", target=summary.page)
