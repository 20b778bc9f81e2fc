"""Estimate the loss of accuracy of one window."""

from collections.abc import Callable

import numpy as np

from components.common import plugins
from components.common.artifacts.monitoring.drift_report import Harm
from components.common.artifacts.monitoring.observations import Observations
from components.monitor.harm.config import HarmConfig
from components.monitor.harm.correction import Correction
from components.monitor.harm.describe import ESTIMATORS, describe
from components.monitor.harm.estimators.confidence import fit_temperature, probability_right
from components.monitor.harm.evidence import Evidence, evidence_of
from components.monitor.harm.prediction_powered import audited_accuracy
from components.monitor.harm.shift import Ruler

_TWO_SIDED_90 = 1.645
_UNCORRECTED_POINTS = 10.0  # confidence alone was 9 to 15 points wrong under noise (docs)


def estimate(
    window: Observations,
    reference: Observations,
    correction: Callable[[], Correction | None],
    *,
    settings: HarmConfig,
    seed: int,
) -> Harm | None:
    """Return the estimated loss, None when the window is too small to say anything.

    Uses the labels of `window` where an audit gave some (`labels` not ""): they must be of a
    random sample.

    Args:
        window: what production sent.
        reference: of the version that answered.
        correction: gives what was learnt of faults, None where nothing was; called only if no
            audit tells the loss.
        settings: how little is too little.
        seed: of the principal components.
    """
    seen, held_out = evidence_of(window), evidence_of(reference)
    held_out = held_out.take(held_out.labelled)
    if len(seen) < settings.min_pictures or not len(held_out):
        return None
    description = describe(seen, Ruler(held_out, seed=seed))
    if seen.labelled.sum() >= settings.min_labels:
        return _audited(seen, held_out, description)
    middle, low, high = _interval(description, correction(), pictures=len(seen))
    return Harm(
        loss_points=middle,
        low=low,
        high=high,
        basis="estimate",
        reference_accuracy=held_out.accuracy,
        estimators=_finite(description),
    )


def _interval(
    description: dict[str, float], correction: Correction | None, *, pictures: int
) -> tuple[float, float, float]:
    """Return the loss in points, and the bounds of its 90 % interval."""
    if correction is None:
        # `doc` is finite whatever the window.
        known = list(_finite(description).values())
        middle = float(np.median(known))
        reach = float(np.hypot(_UNCORRECTED_POINTS, _TWO_SIDED_90 * 50.0 / pictures**0.5))
        return middle, min(known) - reach, max(known) + reach
    middle = correction.predict(description)
    error = correction.error_points(middle)
    if not np.isfinite(error):
        error = _UNCORRECTED_POINTS
    # A trial's error holds the chance in so many pictures; fewer have more of it.
    fewer = max(0.0, 1.0 / pictures - 1.0 / max(correction.trial_pictures, 1))
    reach = float(np.hypot(error, _TWO_SIDED_90 * 50.0 * fewer**0.5))
    return middle, middle - reach, middle + reach


def _audited(seen: Evidence, held_out: Evidence, description: dict[str, float]) -> Harm:
    predicted = probability_right(seen, fit_temperature(held_out))
    found = audited_accuracy(seen.right, predicted, seen.labelled)
    before = held_out.accuracy
    return Harm(
        loss_points=100.0 * (before - found.accuracy),
        low=100.0 * (before - found.high),
        high=100.0 * (before - found.low),
        basis="audit",
        reference_accuracy=before,
        estimators=_finite(description),
        labels=found.labels,
    )


def _finite(description: dict[str, float]) -> dict[str, float]:
    """Return what the estimators said that could say something."""
    estimates = {name: description[name] for name in plugins.names(ESTIMATORS)}
    return {name: value for name, value in estimates.items() if np.isfinite(value)}
