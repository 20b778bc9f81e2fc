"""The correction: from what is known of a window without labels to the accuracy it loses.

A ridge regression learnt on corrupted held-out pictures (after Deng and Zheng 2021,
arXiv:2007.02915, who regress accuracy on the distance of data sets). Inputs are kept within what
was seen while learning, so that a fault never seen does not run away along a straight line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.monitor.harm.evidence import Floats

_COVERED = 0.9
_LEAST_TRIALS = 20
_PENALTIES = tuple(float(value) for value in np.logspace(-1, 4, 11))


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One corrupted window while learning: what was done, what it cost, what was predicted.

    `predicted` was made by a correction that had seen none of the window's groups, against the
    accuracy of the other groups; so was `loss_points`.
    """

    kind: str
    severity: int
    pictures: int
    loss_points: float
    predicted: float


@dataclass(frozen=True, kw_only=True)
class Correction:
    """predicted = intercept + weights @ (clip(inputs, lowest, highest) - centre) / spread.

    least_points, most_points: bounds of the losses that were learnt from.
    trial_pictures: median size of a trial.
    pictures, groups: that were corrupted, and that they come from.
    """

    inputs: tuple[str, ...]
    centre: tuple[float, ...]
    spread: tuple[float, ...]
    lowest: tuple[float, ...]
    highest: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    least_points: float
    most_points: float
    trial_pictures: int = 0
    pictures: int = 0
    groups: int = 0
    trials: tuple[Trial, ...] = ()

    def predict(self, description: Mapping[str, float]) -> float:
        """Return the loss in points, given each input; NaN values count as the mean."""
        centre, spread = np.array(self.centre), np.array(self.spread)
        values = np.array([description[name] for name in self.inputs])
        filled = np.where(np.isfinite(values), values, centre)
        kept = np.clip(filled, self.lowest, self.highest)
        loss = self.intercept + float(((kept - centre) / spread) @ np.array(self.weights))
        return float(np.clip(loss, self.least_points, self.most_points))

    def error_points(self, predicted: float) -> float:
        """Return what nine of ten trials with about this prediction stayed within, NaN if none.

        Small predictions err less than large ones, so only the nearest third of the trials counts.
        """
        if not self.trials:
            return float("nan")
        distance = np.array([abs(trial.predicted - predicted) for trial in self.trials])
        errors = np.array([abs(one.predicted - one.loss_points) for one in self.trials])
        nearest = np.argsort(distance, kind="stable")[: max(_LEAST_TRIALS, len(errors) // 3)]
        return float(np.quantile(errors[nearest], _COVERED))


def fit_correction(
    values: Floats, losses: Floats, kinds: Sequence[str], *, inputs: tuple[str, ...]
) -> Correction:
    """Fit the regression; its penalty is the best at predicting kinds it has not seen.

    Args:
        values: float64 [windows, inputs], NaN where an estimator could not say.
        losses: float64 [windows], in points.
        kinds: the fault of each window.
        inputs: names of the columns.
    """
    filled = np.where(np.isfinite(values), values, _column_means(values))
    centre, spread = filled.mean(axis=0), filled.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    scaled = (filled - centre) / spread
    fitted = _ridge(_penalty(scaled, losses, np.array(kinds))).fit(scaled, losses)
    return Correction(
        inputs=inputs,
        centre=_plain(centre),
        spread=_plain(spread),
        lowest=_plain(filled.min(axis=0)),
        highest=_plain(filled.max(axis=0)),
        weights=_plain(fitted.coef_),
        intercept=float(fitted.intercept_),
        least_points=float(losses.min()),
        most_points=float(losses.max()),
    )


def _column_means(values: Floats) -> Floats:
    known = np.isfinite(values)
    return np.asarray(np.where(known, values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))


def _penalty(scaled: Floats, losses: Floats, kinds: Any) -> float:
    from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict

    if len(set(kinds)) < 3:
        return 10.0
    apart = {"groups": kinds, "cv": LeaveOneGroupOut()}
    errors = [
        float(((cross_val_predict(_ridge(one), scaled, losses, **apart) - losses) ** 2).sum())
        for one in _PENALTIES
    ]
    return _PENALTIES[int(np.argmin(errors))]


def _ridge(penalty: float) -> Any:
    from sklearn.linear_model import Ridge

    return Ridge(alpha=penalty, solver="cholesky")


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
