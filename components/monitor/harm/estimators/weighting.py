"""Importance weighting: the reference's accuracy, its pictures weighted to look like the window.

The weights are the odds of a domain classifier (Bickel, Brueckner and Scheffer 2009), on embeddings
(reduced by the caller) and picture statistics. Right when the window holds more of a
kind that the reference has too; blind where nothing in the reference resembles the window.
"""

import numpy as np

from components.common.pictures.statistics import ADDED_LATER, STATISTICS
from components.monitor.harm.evidence import Evidence, Floats

_LARGEST_WEIGHT = 20.0  # times the mean: one picture must not decide

# What every log holds, however old.
_ALWAYS = np.array([name not in ADDED_LATER for name in STATISTICS])


def loss_points(window: Evidence, reference: Evidence) -> float:
    """Return the loss of the weighted reference in points; see the package."""
    before, after = _inputs(reference), _inputs(window)
    usable = np.isfinite(before).all(axis=1), np.isfinite(after).all(axis=1)
    if before.shape[1] != after.shape[1] or min(mask.sum() for mask in usable) < 2:
        return float("nan")
    right = reference.right[usable[0]].astype(np.float64)
    weights = _weights(before[usable[0]], after[usable[1]])
    return 100.0 * float(right.mean() - np.average(right, weights=weights))


def _inputs(evidence: Evidence) -> Floats:
    statistics = evidence.rows.statistics[:, _ALWAYS].astype(np.float64)
    features = evidence.rows.features.astype(np.float64)
    has_statistics = bool(np.isfinite(statistics).all(axis=1).any())
    has_features = bool(np.isfinite(features).all(axis=1).any()) and features.shape[1] > 0
    parts = [
        part for part, there in ((features, has_features), (statistics, has_statistics)) if there
    ]
    return np.hstack(parts) if parts else np.zeros((len(evidence), 0))


def _weights(before: Floats, after: Floats) -> Floats:
    """Return float64 [len(before)], mean 1: how much more common each is in `after`."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if before.shape[1] == 0:
        return np.ones(len(before))
    both = np.vstack([before, after])
    model = make_pipeline(
        StandardScaler(),
        LogisticRegression(C=0.01, class_weight="balanced", max_iter=200),
    )
    model.fit(both, np.repeat([0, 1], [len(before), len(after)]))
    odds = np.exp(np.clip(model.decision_function(before), -20.0, 20.0))
    weights = np.minimum(odds / odds.mean(), _LARGEST_WEIGHT)
    return np.asarray(weights / weights.mean(), dtype=np.float64)
