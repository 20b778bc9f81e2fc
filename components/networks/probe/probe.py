"""The linear probe: multinomial logistic regression on frozen features, turned into the head."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from components.common.progress import report
from components.common.statistics.folds import Fold, grouped_folds
from components.common.statistics.temperature import log_loss, log_losses, softmax
from components.networks.data import Split
from components.networks.probe.blocks import (
    Doubles,
    blocks,
    deviations,
    in_memory_where_small,
    logits,
    means,
    standardised,
)
from components.networks.probe.span import Span
from components.networks.rows import Floats, PickedRows, Rows

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

_EPSILON = float(np.finfo(np.float64).eps)

# Logits [N, classes] of fitted rows, [M, classes] of others -> a loss, its gradients by both.
Term = Callable[[Floats, Floats], tuple[float, Doubles, Doubles]]
# Logits and targets [N, classes] -> each row's loss [N], its gradient by the logits.
RowLoss = Callable[[Floats, Floats], tuple[Doubles, Doubles]]


def cross_entropy(logits: Floats, targets: Floats) -> tuple[Doubles, Doubles]:
    """Return each row's cross-entropy and its gradient by the logits."""
    return log_losses(logits, targets), (softmax(logits) - targets).astype(np.float64)


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


@dataclass(frozen=True)
class Beside:
    """A further loss, on what is answered about rows without a label.

    features: float32 [M, D]; term: the loss.
    """

    features: Floats
    term: Term


class Solver:
    """Penalised maximum likelihood on the same rows, each penalty from where the last one ended.

    The objective and the stopping rule are those of scikit-learn's LogisticRegression, but for a
    soft label, which there would be one row a class.
    """

    def __init__(
        self,
        features: Rows,
        targets: Floats,
        weights: Floats,
        *,
        beside: Beside | None = None,
        loss: RowLoss = cross_entropy,
    ) -> None:
        """Take features [N, D], targets [N, classes] that sum to 1, weights [N]."""
        classes = targets.shape[1]
        self.beside = beside
        self._of_rows = loss
        self._wide = features[:1].shape[1]
        self._features = in_memory_where_small(features, wide=self._wide)
        self._targets = targets
        self._total = float(weights.sum())
        self._shares: Doubles = weights.astype(np.float64)[:, None] / self._total
        # Of two classes the difference of their logits is what is fitted and penalised.
        self._to_logits = np.array([[-0.5, 0.5]]) if classes == 2 else np.eye(classes)
        self._fitted = np.zeros((self._wide + 1, len(self._to_logits)))

    def at(self, strength: float) -> tuple[Doubles, Doubles]:
        """Return kernel [D, classes] and bias [classes] for a C."""
        from scipy.optimize import minimize

        found = minimize(
            self._loss,
            self._fitted.ravel(),
            args=(1.0 / (strength * self._total),),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 500, "maxls": 50, "gtol": 1e-4, "ftol": 64 * _EPSILON},
        )
        self._fitted = found.x.reshape(self._fitted.shape)
        both = self._fitted @ self._to_logits
        return both[:-1], both[-1]

    def _loss(self, flat: Doubles, penalty: float) -> tuple[float, Doubles]:
        """Return the penalised mean loss at kernel and bias, and its gradient."""
        kernel, bias = np.split(flat.reshape(self._fitted.shape), [-1])
        narrow, back = kernel.astype(np.float32), self._to_logits.T
        loss = 0.5 * penalty * float((kernel**2).sum())
        gradient = np.concatenate([penalty * kernel, np.zeros_like(bias)])
        answered = []
        for rows in blocks(self._features, wide=self._wide):
            known = self._features[rows]
            said: Floats = ((known @ narrow + bias) @ self._to_logits).astype(np.float32)
            shares = self._shares[rows]
            losses, slopes = self._of_rows(said, self._targets[rows])
            loss += float((shares[:, 0] * losses).sum())
            away: Doubles = shares * slopes @ back
            gradient[:-1] += (away.astype(np.float32).T @ known).T
            gradient[-1] += away.sum(axis=0)
            answered.append(said)
        if self.beside:
            others = self.beside.features
            asked: Floats = ((others @ narrow + bias) @ self._to_logits).astype(np.float32)
            more, own, further = self.beside.term(np.concatenate(answered), asked)
            loss += more
            for features, slope in ((self._features, own), (others, further)):
                for rows in blocks(features, wide=self._wide):
                    pulled = slope[rows] @ back
                    gradient[:-1] += (pulled.astype(np.float32).T @ features[rows]).T
                    gradient[-1] += pulled.sum(axis=0)
        return loss, gradient.ravel()
