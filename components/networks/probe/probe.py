"""The linear probe: multinomial logistic regression on frozen features, turned into the head."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from components.common.progress import report
from components.common.statistics.folds import Fold, grouped_folds
from components.common.statistics.temperature import log_loss
from components.networks.data import Floats, Split
from components.networks.probe.span import Span

# The inverse strengths C of the L2 penalty that are tried are powers of this, from the first one
# on to where the loss no longer falls. The ends are where nothing changes any more.
_RATIO = 10.0**0.5
_FIRST = 10.0**-1.5
_WEAKEST, _STRONGEST = 1e4, 1e-6
# A weaker penalty has to be worth it: it takes longer to solve and gives larger weights.
_LEAST_GAIN = 1e-3
_FOLDS = 4
_DEFAULT_STRENGTH = 10.0**-1.5
# A feature's deviation counts as at least this share of the root mean square over all features.
_FLOOR = 0.1

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Probe:
    """A fitted head: logits = features @ kernel + bias.

    kernel: float32 [D, classes]; bias: float32 [classes].
    strength: the C that was chosen.
    """

    kernel: Floats
    bias: Floats
    strength: float

    def logits(self, features: npt.NDArray[Any]) -> Floats:
        """Return float32 [N, classes]."""
        answers: Floats = np.asarray(features, dtype=np.float32) @ self.kernel + self.bias
        return answers


def fit_probe(features: npt.NDArray[Any], split: Split, *, strength: float, seed: int) -> Probe:
    """Solve the head on all views of the training pictures.

    Args:
        features: float [views * N, D], rows as the split's pixels.
        split: targets, weights, groups.
        strength: inverse L2 penalty C on standardised features; 0 chooses it by cross-validation
            on view 0, by group, so that it is not tuned to recognise the groups.
        seed: of the folds.
    """
    mean = features.mean(axis=0, dtype=np.float64)
    scale = feature_scale(features)
    scaled = ((features - mean) * scale).astype(np.float32)
    views = len(features) // split.pictures
    # The views of one picture are together worth one picture.
    weights = np.tile(split.weights / np.float32(views), views)
    # Products this small are slower on several threads, many times so where others work besides.
    with threadpool_limits(1):
        span = Span.of(scaled)
        plain = span if views == 1 or strength else Span.of(scaled[: split.pictures])
        chosen = strength or _choose(plain.coordinates, split, seed=seed)
        solver = _Solver(span.coordinates, np.tile(split.targets, (views, 1)), weights)
        along, bias = solver.at(chosen)
        kernel = span.kernel(along)
    unscaled = kernel * scale[:, None]
    shifted = bias - mean @ unscaled
    return Probe(unscaled.astype(np.float32), shifted.astype(np.float32), chosen)


def feature_scale(features: npt.NDArray[Any]) -> Doubles:
    """Return what each feature is multiplied by, float64 [D].

    Its own deviation, so that none is heard for its units alone; but a nearly constant feature is
    not blown up: one odd picture would then outvote all else, and its large weight would disturb
    the layers below when they are tuned.
    """
    spread = features.std(axis=0, dtype=np.float64)
    floor = _FLOOR * float(np.sqrt(np.mean(spread**2)))
    return 1.0 / np.maximum(spread, floor) if floor > 0.0 else np.ones_like(spread)


def _choose(features: Floats, split: Split, *, seed: int) -> float:
    """Return the C with the lowest held-out loss: downhill from the first, while it falls."""
    folds = grouped_folds(split.labels, split.groups, folds=_FOLDS, seed=seed)
    if not folds:
        return _DEFAULT_STRENGTH
    judges = [_Judge(features, split, fold) for fold in folds]
    losses: dict[float, float] = {}

    def loss(strength: float) -> float:
        if strength not in losses:
            losses[strength] = float(np.mean([judge.loss(strength) for judge in judges]))
            report("choosing the probe's penalty", len(losses), 0)
        return losses[strength]

    best = _FIRST
    for step in (1.0 / _RATIO, _RATIO):
        while _STRONGEST < best * step < _WEAKEST and (
            loss(best * step) < loss(best) * (1.0 - _LEAST_GAIN)
        ):
            best *= step
    return best


class _Judge:
    """One fold: fits on its inner pictures, scores the outer ones."""

    def __init__(self, features: Floats, split: Split, fold: Fold) -> None:
        inner, outer = fold.inner, fold.outer
        self._solver = _Solver(features[inner], split.targets[inner], split.weights[inner])
        self._asked = features[outer]
        self._targets, self._weights = split.targets[outer], split.weights[outer]

    def loss(self, strength: float) -> float:
        kernel, bias = self._solver.at(strength)
        return log_loss(self._asked @ kernel + bias, self._targets, self._weights)


class _Solver:
    """Penalised maximum likelihood on the same rows, each penalty from where the last one ended."""

    def __init__(self, features: Floats, targets: Floats, weights: Floats) -> None:
        """Take features [N, D], targets [N, classes], weights [N].

        A soft label enters as one row a class, weighted by its probability.
        """
        from sklearn.linear_model import LogisticRegression

        rows, self._labels = np.nonzero(targets)
        self._features = features[rows]
        self._weights = targets[rows, self._labels] * weights[rows]
        self._model = LogisticRegression(max_iter=500, tol=1e-4, warm_start=True)

    def at(self, strength: float) -> tuple[Doubles, Doubles]:
        """Return kernel [D, classes] and bias [classes] for a C."""
        from sklearn.exceptions import ConvergenceWarning

        self._model.C = strength
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._model.fit(self._features, self._labels, sample_weight=self._weights)
        kernel, bias = self._model.coef_.T, self._model.intercept_
        if len(self._model.classes_) == 2:
            # scikit-learn keeps the difference; the halves give the same probabilities.
            half = np.array([-0.5, 0.5])
            kernel, bias = kernel * half, bias * half
        return kernel, np.array(bias)
