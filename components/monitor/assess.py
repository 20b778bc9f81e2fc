"""Assess one window: has it changed, why, and what does that cost."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.monitoring.drift_report import (
    AnswerShare,
    Detection,
    Explanation,
    Harm,
)
from components.common.artifacts.monitoring.observations import Observations
from components.monitor.detect.answer_ranks import LookEvidence, answer_ranks
from components.monitor.detect.config import DetectConfig
from components.monitor.detect.measure import measure
from components.monitor.detect.shares import answer_shares
from components.monitor.explain.strongest_cause import explain
from components.monitor.harm.config import HarmConfig
from components.monitor.harm.estimate import estimate

_UNEXPLAINED = Explanation(family="none", fault="", confidence=0.0, advice="")


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What was measured in one window; as it is here where nothing could be.

    `evidence` is what later looks sum up.
    """

    detections: tuple[Detection, ...] = ()
    explanation: Explanation = _UNEXPLAINED
    harm: Harm | None = None
    answers: tuple[AnswerShare, ...] = ()
    evidence: LookEvidence | None = None


def assess(
    window: Observations,
    reference: Observations,
    *,
    detect: DetectConfig,
    harm: HarmConfig,
    seed: int,
    kept: Collection[str] = (),
    past: Sequence[LookEvidence] = (),
    keep: Path | None = None,
) -> Assessment:
    """Ask detectors, loss estimate and causes about a window, labelled where an audit did.

    See `answer_ranks`, `measure`, `estimate` and `explain`. Thresholds are kept in the folder
    `keep`.
    """
    ranks = answer_ranks(window, reference, past, settings=detect, seed=seed)
    detections = (
        *measure(window, reference, settings=detect, seed=seed, rate=ranks.rate_left, keep=keep),
        *ranks.detections,
    )
    loss = estimate(window, reference, settings=harm, seed=seed)
    audited = loss is not None and loss.basis == "audit"
    explanation = explain(window, reference, detections, asked=audited, kept=kept)
    return Assessment(
        detections=detections,
        explanation=explanation,
        harm=loss,
        answers=answer_shares(window, reference),
        evidence=ranks.evidence,
    )
