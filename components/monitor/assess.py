"""Assess one window: has it changed, why, and what does that cost."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.monitoring.drift_report import Detection, Explanation, Harm
from components.common.artifacts.monitoring.observations import Observations
from components.monitor.detect.config import DetectConfig
from components.monitor.detect.measure import measure
from components.monitor.explain.strongest_cause import explain
from components.monitor.harm.config import HarmConfig
from components.monitor.harm.estimate import estimate

_UNEXPLAINED = Explanation(family="none", fault="", confidence=0.0, advice="")


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What was measured in one window; as it is here where nothing could be."""

    detections: tuple[Detection, ...] = ()
    explanation: Explanation = _UNEXPLAINED
    harm: Harm | None = None


def assess(
    window: Observations,
    reference: Observations,
    *,
    detect: DetectConfig,
    harm: HarmConfig,
    seed: int,
    kept: Collection[str] = (),
    keep: Path | None = None,
) -> Assessment:
    """Ask detectors, loss estimate and causes about a window, labelled where an audit did.

    See `measure`, `estimate` and `explain`. Thresholds are kept in the folder `keep`.
    """
    detections = measure(window, reference, settings=detect, seed=seed, keep=keep)
    loss = estimate(window, reference, settings=harm, seed=seed)
    audited = loss is not None and loss.basis == "audit"
    explanation = explain(window, reference, detections, asked=audited, kept=kept)
    return Assessment(detections=detections, explanation=explanation, harm=loss)
