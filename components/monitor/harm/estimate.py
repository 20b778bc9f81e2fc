"""Judge whether one window loses accuracy: harmful, harmless, or not enough evidence."""

import numpy as np

from components.common.artifacts.monitoring.drift_report import Harm, HarmVerdict
from components.common.artifacts.monitoring.observations import Observations
from components.common.seeding import generator
from components.monitor.harm.config import HarmConfig
from components.monitor.harm.evidence import Evidence, evidence_of
from components.monitor.harm.moved_decisions import estimated_loss
from components.monitor.harm.prediction_powered import audited_accuracy


def estimate(
    window: Observations, reference: Observations, *, settings: HarmConfig, seed: int
) -> Harm | None:
    """Return the loss and what to think of it, None when the window is too small to say anything.

    Uses the labels of `window` where an audit gave some (`labels` not ""): they must be of a
    random sample.

    Args:
        window: what production sent.
        reference: of the version that answered.
        settings: how little is too little, and which loss counts.
        seed: of the groups that are drawn again.
    """
    seen, held_out = evidence_of(window), evidence_of(reference)
    held_out = held_out.take(held_out.labelled)
    if len(seen) < settings.min_pictures or not len(held_out):
        return None
    if seen.labelled.sum() >= settings.min_labels:
        return _audited(seen, held_out, settings)
    found = estimated_loss(seen, held_out, rng=generator(seed, "harm"))
    verdict: HarmVerdict = "not enough evidence"
    if found.loss_points >= settings.harmful_points:
        verdict = "harmful"
    elif found.loss_points < settings.harmless_points:
        verdict = "harmless"
    return Harm(
        verdict=verdict,
        loss_points=found.loss_points,
        low=found.low,
        high=found.high,
        basis="estimate",
        reference_accuracy=held_out.accuracy,
    )


def _audited(seen: Evidence, held_out: Evidence, settings: HarmConfig) -> Harm:
    """Judge by labels: only what the interval leaves no doubt of is called either way."""
    predicted = seen.scores[np.arange(len(seen)), seen.decided]
    found = audited_accuracy(seen.right, predicted, seen.labelled)
    before = held_out.accuracy
    low, high = (100.0 * (before - bound) for bound in (found.high, found.low))
    verdict: HarmVerdict = "not enough evidence"
    if low > settings.harmless_points:
        verdict = "harmful"
    elif high < settings.harmful_points:
        verdict = "harmless"
    return Harm(
        verdict=verdict,
        loss_points=100.0 * (before - found.accuracy),
        low=low,
        high=high,
        basis="audit",
        reference_accuracy=before,
        labels=found.labels,
    )
