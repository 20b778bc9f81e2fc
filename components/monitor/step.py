"""One look of the monitor, from the log to a decision on record."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from components.common.artifacts.monitoring.drift_report import DriftReport, DriftReportInfo
from components.common.artifacts.monitoring.observations import of_reference
from components.common.artifacts.monitoring.prediction_log import PICTURES, model_log
from components.common.artifacts.monitoring.reference import Reference
from components.common.pictures.grey_range import FULL
from components.common.report.shown import Shown
from components.common.run_context import RunContext
from components.common.statistics.operating_point import ASK
from components.common.step import Nothing, Step
from components.monitor.assess import Assessment, assess
from components.monitor.audit_labels import read_labels
from components.monitor.config import MonitorConfig
from components.monitor.decide.history import DECISIONS, DecisionHistory
from components.monitor.decide.settle import settle
from components.monitor.decide.situation import Situation
from components.monitor.figures import show_figures
from components.monitor.observe.ask_model import observer
from components.monitor.observe.picture_folder import from_pictures
from components.monitor.observe.served import (
    ServedVersion,
    count_new_labels,
    find_reference,
    find_served,
)
from components.monitor.observe.silence import Silence, find_silence
from components.monitor.observe.windows import Window, from_log
from components.monitor.report.report import render

LOG = logging.getLogger(__name__)

_NO_GROUPS = (
    "No record names a group, so all pictures count as one, and only what no single group of "
    "the reference shows is an alarm. Name them: header X-Graft-Group, or one folder a group."
)


@dataclass(frozen=True, kw_only=True)
class MonitorOutputs:
    """The DriftReport."""

    drift: Path


def run(
    settings: MonitorConfig, inputs: Nothing, outputs: MonitorOutputs, context: RunContext
) -> str:
    """Look once and return the word of what is to be done; see `look`."""
    return look(settings, out=outputs.drift, run_id=context.run_id).info.decision.word


def look(
    settings: MonitorConfig, *, out: Path, run_id: str, now_unix_s: float = 0.0
) -> DriftReport:
    """Look at what production sent, decide, record the decision and write the DriftReport.

    Args:
        settings: what to look at, and how.
        out: the artifact's folder.
        run_id: who looks; a run that is started is claimed under this name.
        now_unix_s: the present; 0 asks the clock.

    Raises:
        DataError: no version is published, or pictures or labels cannot be read.
        GraftError: the decision cannot be recorded.
    """
    now = now_unix_s or time.time()
    served = find_served(Path(settings.model_base_path) / settings.model_name)
    reference, why_not = find_reference(served)
    seen = _window(settings, served, reference, now=now)
    kept = _kept(seen, settings)
    history = DecisionHistory(served.model_dir)
    assessment = Assessment()
    if reference is not None and len(seen.observations) >= settings.policy.min_pictures:
        assessment = assess(
            seen.observations,
            of_reference(reference.root),
            detect=settings.detect,
            harm=settings.harm,
            seed=settings.seed,
            kept=kept,
            # A folder of pictures is no part of the series of looks at the log.
            past=() if settings.pictures else history.evidence(served.version, except_run=run_id),
            keep=served.model_dir / DECISIONS / "thresholds",
        )
    situation = Situation(
        now_unix_s=now,
        version=served.version,
        pictures=len(seen.observations),
        detections=assessment.detections,
        explanation=assessment.explanation,
        harm=assessment.harm,
        new_labels=count_new_labels(settings.additions, served),
        answers=assessment.answers,
        silence=_silence(seen, settings, served, now=now),
    )
    settled = settle(
        situation,
        history,
        settings.policy,
        run_id=run_id,
        why_not=why_not,
        evidence=None if settings.pictures else assessment.evidence,
    )
    info = DriftReportInfo(
        model_name=settings.model_name,
        version=served.version,
        created_unix_s=now,
        window=seen.info,
        detections=assessment.detections,
        explanation=assessment.explanation,
        harm=assessment.harm,
        decision=settled.decision,
        notes=_notes(seen, reference, settings),
        repeated=settled.repeated,
        answers=assessment.answers,
        claim=settled.claim,
    )
    report = DriftReport(out, info)
    _write_page(report, seen, reference, kept)
    report.write()
    show_figures(info, served.model_dir)
    LOG.info("%s, version %d: %s", info.model_name, info.version, info.decision.word)
    for line in (*info.decision.reasons, *info.notes):
        LOG.info("- %s", line)
    return report


def _notes(seen: Window, reference: Reference | None, settings: MonitorConfig) -> tuple[str, ...]:
    """Return what a reader should know of the window."""
    notes = list(seen.notes)
    if seen.info.asked:
        share = 100.0 * seen.info.asked / seen.info.pictures
        note = f"The model asked about {seen.info.asked} pictures ({share:.1f} %)"
        known = of_reference(reference.root).decisions if reference is not None else np.empty(0)
        answered = known[known != ""]
        if len(answered):
            usual = 100.0 * float((answered == ASK).mean())
            note += f", when it was evaluated about {usual:.1f} %"
        notes.append(f"{note}.")
    if settings.detect.windows == "groups" and seen.info.pictures and not seen.info.groups:
        notes.append(_NO_GROUPS)
    return tuple(notes)


def _window(
    settings: MonitorConfig, served: ServedVersion, reference: Reference | None, *, now: float
) -> Window:
    classes = served.passport.classes if served.passport else ()
    if reference is not None:
        classes = reference.info.classes
    if settings.pictures:
        observe = observer(served.path, classes=classes)
        data = served.passport.data if served.passport else None
        return from_pictures(
            Path(settings.pictures),
            observe,
            classes=classes,
            grey_range=data.grey_range if data else FULL,
        )
    audited = settings.audit and reference is not None
    return from_log(
        model_log(Path(settings.log), settings.model_name),
        version=served.version,
        classes=classes,
        since_unix_s=now - settings.window_h * 3600.0,
        now_unix_s=now,
        labels=read_labels(Path(settings.audit), classes=classes) if audited else None,
    )


def _silence(
    seen: Window, settings: MonitorConfig, served: ServedVersion, *, now: float
) -> Silence | None:
    if settings.pictures:
        return None
    return find_silence(
        model_log(Path(settings.log), settings.model_name),
        seen.info,
        version=served.version,
        published_unix_s=served.published_unix_s,
        now_unix_s=now,
        at_most_h=settings.silence_h,
    )


def _write_page(
    report: DriftReport, seen: Window, reference: Reference | None, kept: dict[str, Path]
) -> None:
    page = render(
        report.info,
        window=seen.observations if len(seen.observations) else None,
        reference=of_reference(reference.root) if reference else None,
        picture=lambda sha256: _bytes_of(kept.get(sha256)),
        nearest=lambda sha256: _bytes_of(reference.picture_path(sha256)) if reference else None,
    )
    report.root.mkdir(parents=True, exist_ok=True)
    report.report_path.write_text(page, encoding="utf-8")


def _kept(seen: Window, settings: MonitorConfig) -> dict[str, Path]:
    """Return where the pictures of the window that can be shown lie, by their digests."""
    if settings.pictures:
        return {sha256: Path(settings.pictures) / path for sha256, path in seen.places.items()}
    folder = model_log(Path(settings.log), settings.model_name) / PICTURES
    return {path.stem: path for path in folder.glob("*.*")}


def _bytes_of(path: Path | None) -> bytes | None:
    return path.read_bytes() if path is not None and path.is_file() else None


def show(outputs: MonitorOutputs) -> Shown:
    """Return the drift page."""
    return Shown(page=DriftReport.read(outputs.drift).report_path)


STEP = Step("monitor", run, show=show, announced=True)
