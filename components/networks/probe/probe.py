"""The linear probe: multinomial logistic regression on frozen features, turned into the head."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from components.common.progress import report
from components.common.statistics.folds import Fold, grouped_folds
from components.common.statistics.temperature import log_loss, softmax
from components.networks.data import Split
from components.networks.probe.blocks import (
    Doubles,
    deviations,
    in_memory_where_small,
    logits,
    means,
    standardised,
)
from components.networks.probe.solver import RowLoss, Solver, cross_entropy
from components.networks.probe.span import Span
from components.networks.rows import Floats, PickedRows

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
        # Of float16 features the products are float32 all the same.
        return np.asarray(logits(features, self.kernel, self.bias), np.float32)


def fit_probe(
    features: npt.NDArray[Any],
    split: Split,
    *,
    strength: float,
    seed: int,
    distil: float = 0.0,
    loss: RowLoss = cross_entropy,
    standardise: bool = True,
) -> Probe:
    """Solve the head on all views of the training pictures.

    Args:
        features: float [views * N, D], rows as the split's pixels.
        split: targets, weights, groups.
        strength: inverse L2 penalty C on standardised features; 0 chooses it by cross-validation
            on view 0, by group, so that it is not tuned to recognise the groups.
        seed: of the folds.
        distil: self-distillation: this share of what every view of a picture is fitted to answer is
            the mean over its views of what probes answer that were fitted without its group, the
            rest is the label. One view then answers nearly what several do on average, and odd
            labels count for less.
        loss: what the head minimises; C is chosen by the cross-entropy in any case.
        standardise: see `feature_scale`; not again where features are components of such.
    """
    mean = means(features)
    scale = feature_scale(features) if standardise else np.ones_like(mean)
    scaled = standardised(features, mean, scale)
    views = len(features) // split.pictures
    # The views of one picture are together worth one picture.
    weights = np.tile(split.weights / np.float32(views), views)
    # Products this small are slower on several threads, many times so where others work besides.
    with threadpool_limits(1):
        span = Span.of(scaled)
        plain = span if views == 1 or strength else Span.of(scaled[: split.pictures])
        chosen = strength or _choose(plain.coordinates, split, seed=seed)
        targets = split.targets
        if distil:
            taught = _taught(span.coordinates, split, weights, strength=chosen, seed=seed)
            targets = (1 - distil) * targets + distil * taught
        targets = np.tile(targets, (views, 1))
        along, bias = Solver(span.coordinates, targets, weights, loss=loss).at(chosen)
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
    spread = deviations(features)
    floor = _FLOOR * float(np.sqrt(np.mean(spread**2)))
    return 1.0 / np.maximum(spread, floor) if floor > 0.0 else np.ones_like(spread)


def _taught(
    features: Floats, split: Split, weights: Floats, *, strength: float, seed: int
) -> Floats:
    """Return what probes of other groups answer on average over a picture's views, [N, classes].

    The label where there are no folds to ask.
    """
    taught = split.targets.copy()
    by_view = np.arange(len(features)).reshape(-1, split.pictures)
    for fold in grouped_folds(split.labels, split.groups, folds=_FOLDS, seed=seed):
        rows = by_view[:, fold.inner].ravel()
        targets = np.tile(split.targets[fold.inner], (len(by_view), 1))
        picked = PickedRows(features, rows)
        kernel, bias = Solver(picked, targets, weights[rows]).at(strength)
        narrow = kernel.astype(np.float32)
        said = np.stack(
            [logits(PickedRows(features, view[fold.outer]), narrow, bias) for view in by_view]
        )
        taught[fold.outer] = softmax(said.mean(axis=0, dtype=np.float32))
    return taught


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
        known = PickedRows(features, inner)
        self._solver = Solver(known, split.targets[inner], split.weights[inner])
        self._asked = in_memory_where_small(PickedRows(features, outer), wide=features.shape[1])
        self._targets, self._weights = split.targets[outer], split.weights[outer]

    def loss(self, strength: float) -> float:
        kernel, bias = self._solver.at(strength)
        return log_loss(logits(self._asked, kernel, bias), self._targets, self._weights)
