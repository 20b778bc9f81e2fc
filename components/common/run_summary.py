"""Collect what a run's steps have left into one page.

Must work after any end of a run, so whatever cannot be read becomes a note, not an error.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from components.common.artifacts.deployment import Deployment
from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.judging.verdict import Verdict
from components.common.artifacts.lineage import Provenance
from components.common.artifacts.monitoring.drift_report import DriftReport
from components.common.artifacts.records import PROVENANCE, read_record, write_record
from components.common.artifacts.run_summary import RUN_SUMMARY, RunState, RunSummary
from components.common.errors import expected
from components.common.run_context import RunContext
from components.common.step_record import StepRecord

T = TypeVar("T")

EXIT_STEP = "notify"


def summarise(
    run_dir: Path, state: RunState, *, run: RunContext | None = None, end_word: str = ""
) -> RunSummary:
    """Return the summary of a run; reads only.

    Args:
        run_dir: the run's folder, with `steps/<step>.json` of each step that has started.
        state: how the run ended, as far as the caller knows; a step that failed overrules "done",
            and what the steps left overrules "unclear".
        run: the run's identity, where the caller has it.
        end_word: what whoever ran it calls the end.
    """
    notes: list[str] = []
    steps = tuple(_steps(run_dir, notes))
    artifacts = {
        f"{record.step}.{name}": path for record in steps for name, path in record.outputs.items()
    }
    state, wrong = _end(steps, state)
    evaluation = _open(artifacts.get("evaluate.evaluation"), Evaluation.read, notes)
    # What a person overrode holds the gate's own word as well.
    judged = artifacts.get("override.verdict", artifacts.get("gate.verdict"))
    verdict = _open(judged, Verdict.read, notes)
    deployment = _open(artifacts.get("deploy.deployment"), Deployment.read, notes)
    deployed = deployment.info if deployment else None
    drift = _open(artifacts.get("monitor.drift"), DriftReport.read, notes)
    identity = run or _identity(run_dir, artifacts)
    started = min((record.started_unix_s for record in steps), default=0.0)
    return RunSummary(
        run_id=identity.run_id,
        state=state,
        end_word=end_word,
        page=identity.page,
        error=wrong.error if wrong else "",
        failed_step=wrong.step if wrong else "",
        exit_code=(wrong.exit_code if wrong else 0) or int(state != "done"),
        commit=identity.commit,
        data_sha256=identity.data_sha256,
        config_sha256=identity.config_sha256,
        started_unix_s=started,
        seconds=_last_moment(steps) - started,
        steps=steps,
        verdict=verdict.info if verdict else None,
        metrics=evaluation.info.metrics if evaluation else (),
        deployed_model=deployed.model_name if deployed else "",
        deployed_version=deployed.version if deployed else 0,
        deployed_path=str(deployed.version_path) if deployed else "",
        report=_page(verdict) or _page(evaluation),
        drift=drift.info if drift else None,
        drift_report=_page(drift),
        artifacts=artifacts,
        notes=tuple(notes),
    )


def write_summary(summary: RunSummary, run_dir: Path) -> None:
    """Write `run.json`; it is absent or whole at any time."""
    write_record(run_dir / RUN_SUMMARY, summary)


def _steps(run_dir: Path, notes: list[str]) -> Iterator[StepRecord]:
    """Yield the records in the order the steps started, the exit step's own left out."""
    found = []
    for path in (run_dir / "steps").glob("*.json"):
        if path.stem == EXIT_STEP:
            continue
        record = _open(str(path), lambda at: read_record(at, StepRecord), notes)
        if record is not None:
            found.append(record)
    for record in sorted(found, key=lambda record: record.started_unix_s):
        # The run has ended: a step that still says "running" was killed.
        yield _killed(record) if record.state == "running" else record


def _killed(record: StepRecord) -> StepRecord:
    error = expected(
        f"step '{record.step}' to end",
        received="the end of its process without a word",
        do="run again; if nobody stopped it, look at the machine's memory",
    )
    return dataclasses.replace(record, state="interrupted", error=error, exit_code=1)


def _end(steps: tuple[StepRecord, ...], state: RunState) -> tuple[RunState, StepRecord | None]:
    """Return how the run ended, and the step that it ended at, if one is to blame."""
    wrong = next((record for record in steps if record.state == "failed"), None)
    if wrong is not None and state in {"done", "unclear"}:
        state = "failed"
    if wrong is None and state != "done":
        wrong = next((record for record in steps if record.state == "interrupted"), None)
    if state == "unclear":
        state = "interrupted" if wrong else "done" if _reached_an_end(steps) else "unclear"
    return state, wrong


def _reached_an_end(steps: tuple[StepRecord, ...]) -> bool:
    """Say whether the steps went as far as a run goes: to deploy, or to a word against going on."""
    results = {record.step: record.result for record in steps}
    return (
        "deploy" in results
        or results.get("gate", "deploy") != "deploy"
        or results.get("monitor", "retrain") != "retrain"
    )


def _open(path: str | None, read: Callable[[Path], T], notes: list[str]) -> T | None:
    if path is None:
        return None
    try:
        return read(Path(path))
    except (OSError, ValueError, KeyError, TypeError) as error:
        notes.append(f"{path} could not be read: {error}")
        return None


def _identity(run_dir: Path, artifacts: dict[str, str]) -> RunContext:
    """Return who the run was, from the first artifact that says so."""
    for path in artifacts.values():
        record = Path(path) / PROVENANCE
        known = _open(str(record), lambda at: read_record(at, Provenance), notes=[])
        if known is not None:
            return RunContext(
                run_id=run_dir.name, commit=known.commit, data_sha256=known.data_sha256
            )
    return RunContext(run_id=run_dir.name)


def _last_moment(steps: tuple[StepRecord, ...]) -> float:
    """Return when the last step ended; one that was killed lasted until now."""
    ends = [
        time.time() if record.state == "interrupted" else record.started_unix_s + record.seconds
        for record in steps
    ]
    return max(ends, default=0.0)


def _page(found: Evaluation | Verdict | DriftReport | None) -> str:
    return str(found.report_path) if found and found.report_path.exists() else ""
