"""RunSummary: what a run did, whatever its end. Written by notify, or by the CLI for it."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from components.common.artifacts.judging.figures import Metric
from components.common.artifacts.judging.verdict import VerdictInfo
from components.common.artifacts.monitoring.drift_report import DriftReportInfo
from components.common.artifacts.records import read_record
from components.common.step_record import StepRecord

RUN_SUMMARY = "run.json"

# "unclear": whoever ran it says neither that it went well nor that it failed.
RunState = Literal["done", "failed", "interrupted", "unclear"]


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """One run on one page.

    `end_word` is what whoever ran it calls the end, `page` its page in Kubeflow, "" elsewhere.
    `artifacts` maps "step.output" to a folder. `deployed_version` is 0 when the run deployed
    nothing. A step whose process ended without a word has the state "interrupted". `notes`
    tell what could not be read. `drift` is what a monitor saw, where one looked.
    """

    run_id: str
    state: RunState
    end_word: str = ""
    page: str = ""
    error: str = ""
    failed_step: str = ""
    exit_code: int = 0
    started_unix_s: float = 0.0
    seconds: float = 0.0
    commit: str = ""
    data_sha256: str = ""
    config_sha256: str = ""
    steps: tuple[StepRecord, ...] = ()
    verdict: VerdictInfo | None = None
    metrics: tuple[Metric, ...] = ()
    deployed_model: str = ""
    deployed_version: int = 0
    deployed_path: str = ""
    report: str = ""
    drift: DriftReportInfo | None = None
    drift_report: str = ""
    artifacts: dict[str, str] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_summary(run_dir: Path) -> RunSummary:
    """Read the summary of a run that has ended."""
    return read_record(run_dir / RUN_SUMMARY, RunSummary)
