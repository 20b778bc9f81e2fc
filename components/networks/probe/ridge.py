"""Ridge regression on one-hot classes: the probe for who needs hundreds of them in a second."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.statistics.weighted import Floats, Integers

# Penalties tried, in units of the features' mean variance.
_PENALTIES = np.logspace(-3.0, 2.0, 16)


@dataclass(frozen=True)
class Ridge:
    """A fitted probe: the largest of features @ kernel + bias names the class.

    kernel: float64 [D, classes]; bias: float64 [classes].
    """

    kernel: Floats
    bias: Floats

    def decide(self, features: Floats) -> Integers:
        """Return the position of the class of each row, int [N]."""
        answers: npt.NDArray[np.int64] = (features @ self.kernel + self.bias).argmax(axis=1)
        return answers


def fit_ridge(features: Floats, labels: Integers, *, classes: int) -> Ridge:
    """Fit at the penalty with the least generalised cross-validation error.

    A rare class weighs as much as a frequent one, so that none gains by being frequent. One
    factorisation serves all penalties and classes (Golub, Heath and Wahba 1979).

    Args:
        features: float64 [N, D], D at most some hundreds; see `statistics.pca`.
        labels: int [N], positions of the classes.
        classes: how many there are; one without a row is never decided for.
    """
    counts = np.bincount(labels, minlength=classes)
    weights = (len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1)))[labels]
    targets = np.eye(classes)[labels]
    centre = np.average(features, axis=0, weights=weights)
    shares = np.average(targets, axis=0, weights=weights)
    roots = np.sqrt(weights)[:, None]
    known, wanted = (features - centre) * roots, (targets - shares) * roots
    squares, axes = np.linalg.eigh(known.T @ known)
    squares = np.clip(squares, 0.0, None)[:, None]
    along = axes.T @ (known.T @ wanted)
    scale = max(float(squares.mean()), 1e-12)
    kernels, errors = [], []
    for penalty in _PENALTIES * scale:
        shrunk = along / (squares + penalty)
        missed = (wanted**2).sum() - (shrunk * (2.0 * along - squares * shrunk)).sum()
        freedom = len(features) - 1.0 - (squares / (squares + penalty)).sum()
        kernels.append(shrunk)
        errors.append(max(float(missed), 0.0) / max(float(freedom), 1e-3) ** 2)
    kernel = axes @ kernels[int(np.argmin(errors))]
    return Ridge(kernel, shares - centre @ kernel)
