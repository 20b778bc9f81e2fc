"""The linear probe: multinomial logistic regression on frozen features, turned into the head."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.progress import track
from components.common.statistics.folds import grouped_folds
from components.common.statistics.temperature import log_loss
from components.networks.data import Floats, Split

# Inverse strengths of the L2 penalty that are tried, on features of unit mean variance.
STRENGTHS = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
_FOLDS = 4
_DEFAULT_STRENGTH = 1e-3


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
        strength: inverse L2 penalty C; 0 chooses it by cross-validation on view 0, by group,
            so that it is not tuned to recognise the groups.
        seed: of the folds.
    """
    mean = features.mean(axis=0, dtype=np.float64)
    # One scale for all features, not one each: dividing each by its own spread would blow up the
    # nearly constant ones, whose large weights then disturb the layers below when they are tuned.
    spread = float(np.sqrt(features.var(axis=0, dtype=np.float64).mean()))
    scale = 1.0 / spread if spread > 0.0 else 1.0
    scaled = ((features - mean) * scale).astype(np.float32)
    chosen = strength or _choose(scaled[: split.pictures], split, seed=seed)
    views = len(features) // split.pictures
    kernel, bias = _solve(
        scaled,
        np.tile(split.targets, (views, 1)),
        # The views of one picture are together worth one picture.
        np.tile(split.weights / np.float32(views), views),
        chosen,
    )
    unscaled = kernel * scale
    shifted = bias - mean @ unscaled
    return Probe(unscaled.astype(np.float32), shifted.astype(np.float32), chosen)


def _choose(features: Floats, split: Split, *, seed: int) -> float:
    folds = grouped_folds(split.labels, split.groups, folds=_FOLDS, seed=seed)
    if not folds:
        return _DEFAULT_STRENGTH
    losses = []
    for strength in track(STRENGTHS, "choosing the probe's penalty"):
        scores = []
        for fold in folds:
            inner, outer = fold.inner, fold.outer
            kernel, bias = _solve(
                features[inner], split.targets[inner], split.weights[inner], strength
            )
            logits = features[outer] @ kernel + bias
            scores.append(log_loss(logits, split.targets[outer], split.weights[outer]))
        losses.append(float(np.mean(scores)))
        if len(losses) > 2 and losses[-1] > losses[-2] > losses[-3]:
            break  # the loss has one valley: what follows is worse and slower to solve
    return STRENGTHS[int(np.argmin(losses))]


def _solve(
    features: Floats, targets: Floats, weights: Floats, strength: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return kernel [D, classes] and bias [classes] of the penalised maximum likelihood.

    A soft label enters as one row a class, weighted by its probability.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    rows, labels = np.nonzero(targets)
    model = LogisticRegression(C=strength, max_iter=200, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(features[rows], labels, sample_weight=targets[rows, labels] * weights[rows])
    if len(model.classes_) > 2:
        return model.coef_.T, model.intercept_
    # Two classes: scikit-learn keeps the difference; the halves give the same probabilities.
    half = np.array([-0.5, 0.5])
    return model.coef_.T * half, model.intercept_ * half
