"""Look: one look of the monitor, from the log to a decision on record."""

import dataclasses
import logging
import time
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.monitoring.drift_report import (
    Decision,
    Detection,
    DriftReport,
    DriftReportInfo,
    Explanation,
    Harm,
)
from components.common.artifacts.monitoring.prediction_log import PICTURES, model_log
from components.common.artifacts.monitoring.reference import Reference
from components.common.run_context import RunContext
from components.common.step import Step
from components.monitor.audit import Labels, read_labels
from components.monitor.config import MonitorConfig
from components.monitor.decide import policy
from components.monitor.decide.history import Claim, Entry, History
from components.monitor.decide.policy import Situation
from components.monitor.detect.measure import measure
from components.monitor.explain.explain import explain
from components.monitor.harm.estimate import estimate
from components.monitor.observe.observations import of_reference
from components.monitor.observe.served import (
    ReferenceFound,
    Served,
    count_new_labels,
    find_reference,
    find_served,
)
from components.monitor.observe.windows import Asked, Wanted, Window, from_log, from_pictures
from components.monitor.report.report import render

LOG = logging.getLogger(__name__)

_UNEXPLAINED = Explanation(family="none", fault="", confidence=0.0, advice="")


@dataclass(frozen=True, kw_only=True)
class MonitorInputs:
    """`job` is the run's number on a cluster, where all runs of a pipeline share one context."""

    job: str = ""


@dataclass(frozen=True, kw_only=True)
class MonitorOutputs:
    """The DriftReport."""

    drift: Path


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was measured in one window."""

    detections: tuple[Detection, ...] = ()
    explanation: Explanation = _UNEXPLAINED
    harm: Harm | None = None


def run(
    settings: MonitorConfig, inputs: MonitorInputs, outputs: MonitorOutputs, context: RunContext
) -> str:
    """Look once and return the word of what is to be done; see `look`."""
    run_id = context.run_id if context.run_dir else f"{context.run_id}-{inputs.job}"
    return look(settings, out=outputs.drift, run_id=run_id).info.decision.word


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
    served = find_served(settings)
    found = find_reference(served)
    seen = _window(settings, served, found, now=now)
    finding = _find(seen, found.reference, settings)
    situation = Situation(
        now_unix_s=now,
        version=served.version,
        pictures=len(seen.observations),
        detections=finding.detections,
        explanation=finding.explanation,
        harm=finding.harm,
        new_labels=count_new_labels(settings.additions, served),
    )
    settled = _settle(situation, served, settings, run_id=run_id, found=found)
    info = DriftReportInfo(
        model_name=settings.model_name,
        version=served.version,
        created_unix_s=now,
        window=seen.info,
        detections=finding.detections,
        explanation=finding.explanation,
        harm=finding.harm,
        decision=settled.decision,
        notes=(*seen.notes, *_on_groups(seen, settings)),
        repeated=settled.repeated,
    )
    report = DriftReport(out, info)
    _write_page(report, seen, found, settings)
    report.write()
    _tell(info)
    return report


def _window(
    settings: MonitorConfig, served: Served, found: ReferenceFound, *, now: float
) -> Window:
    classes = _classes(served, found)
    if settings.pictures:
        asked = Asked(
            folder=served.path,
            model=settings.model_name,
            version=served.version,
            classes=classes,
        )
        return from_pictures(Path(settings.pictures), asked)
    wanted = Wanted(
        version=served.version,
        classes=classes,
        since_unix_s=now - settings.window_h * 3600.0,
        now_unix_s=now,
        labels=_audited(settings, found),
    )
    return from_log(model_log(Path(settings.log), settings.model_name), wanted)


def _on_groups(seen: Window, settings: MonitorConfig) -> tuple[str, ...]:
    """Say what is lost where the log does not tell modules, lots or sessions apart."""
    if settings.detect.windows != "groups" or seen.info.groups or not seen.info.pictures:
        return ()
    return (
        "No record names a group, so all pictures count as one, and only what no single group of "
        "the reference shows is an alarm. Name them: header X-Graft-Group, or one folder a group.",
    )


def _audited(settings: MonitorConfig, found: ReferenceFound) -> Labels | None:
    if not settings.audit or found.reference is None:
        return None
    return read_labels(Path(settings.audit), classes=found.reference.info.classes)


def _classes(served: Served, found: ReferenceFound) -> int:
    if found.reference is not None:
        return len(found.reference.info.classes)
    return len(served.passport.classes) if served.passport else 0


def _find(seen: Window, reference: Reference | None, settings: MonitorConfig) -> Finding:
    if reference is None or len(seen.observations) < settings.policy.min_pictures:
        return Finding()
    known = of_reference(reference.root)
    detections = measure(seen.observations, known, settings=settings.detect, seed=settings.seed)
    harm = estimate(seen.observations, reference, settings=settings.harm, seed=settings.seed)
    explanation = explain(
        seen.observations,
        known,
        detections,
        asked=harm is not None and harm.basis == "audit",
        kept=_kept(seen, settings),
    )
    return Finding(detections=detections, explanation=explanation, harm=harm)


@dataclass(frozen=True)
class _Settled:
    decision: Decision
    repeated: bool


def _settle(
    situation: Situation,
    served: Served,
    settings: MonitorConfig,
    *,
    run_id: str,
    found: ReferenceFound,
) -> _Settled:
    """Decide and put it on record, one monitor at a time."""
    history = History(served.model_dir)
    with history.deciding():
        runs = history.runs_unix_s(except_run=run_id)
        complete = dataclasses.replace(situation, runs_unix_s=runs)
        decision = _decide(complete, settings, found)
        claim = Claim(key=decision.key, run_id=run_id, time_unix_s=situation.now_unix_s)
        if decision.word == "retrain" and not history.claim("runs", claim):
            decision = _left_to_another(decision, history)
        asks = decision.word in {"ask", "fix_camera"}
        repeated = asks and not history.claim("told", claim)
        history.append(
            Entry(
                time_unix_s=situation.now_unix_s,
                run_id=run_id,
                version=situation.version,
                word=decision.word,
                reasons=decision.reasons,
                key=decision.key,
                loss_points=situation.harm.loss_points if situation.harm else None,
            )
        )
    return _Settled(decision, repeated)


def _decide(situation: Situation, settings: MonitorConfig, found: ReferenceFound) -> Decision:
    if found.reference is not None:
        return policy.decide(situation, settings.policy)
    key = policy.key_of(situation, settings.policy, trigger="no-reference")
    return Decision(word="ask", reasons=(found.why_not,), key=key)


def _left_to_another(decision: Decision, history: History) -> Decision:
    owner = history.owner("runs", decision.key)
    who = f"The run {owner.run_id}" if owner else "Another run"
    reason = f"{who} was started for the same trigger; one is enough."
    return Decision(word="keep", reasons=(*decision.reasons, reason), key=decision.key)


def _write_page(
    report: DriftReport, seen: Window, found: ReferenceFound, settings: MonitorConfig
) -> None:
    reference, kept = found.reference, _kept(seen, settings)
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


def _tell(info: DriftReportInfo) -> None:
    LOG.info("%s, version %d: %s", info.model_name, info.version, info.decision.word)
    for line in (*info.decision.reasons, *info.notes):
        LOG.info("- %s", line)


STEP = Step("monitor", run)
