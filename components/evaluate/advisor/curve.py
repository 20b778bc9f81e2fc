"""Learning curves: which pictures are decided correctly after how much training data."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from components.common.progress import track
from components.common.seeding import derive, generator
from components.common.statistics.folds import grouped_folds
from components.common.statistics.pca import Components
from components.common.statistics.weighted import Floats, Integers
from components.networks.probe.ridge import fit_ridge

SHARES = (0.25, 0.4, 0.6, 0.8, 1.0)
_FOLDS = 5
_REPEATS = 8
# A probe on so many components decides as well as on all features, a hundred times faster.
_COMPONENTS = 128


@dataclass(frozen=True)
class Curve:
    """Held-out decisions after growing shares of the training pictures.

    labels: int [N], the true class of each picture.
    classes: how many there are.
    right: float64 [R, S, N], whether (0 or 1) each was decided correctly in each repeat, at each
        share; NaN where it was not held out.
    sizes: float64 [S, C], how many pictures of each class were trained on, mean over folds.
    """

    labels: Integers
    classes: int
    right: Floats
    sizes: Floats


def learning_curve(
    features: npt.NDArray[np.float32],
    labels: Integers,
    groups: npt.NDArray[np.str_],
    *,
    classes: int,
    seed: int,
    repeats: int = _REPEATS,
) -> Curve | None:
    """Fit probes to growing shares of the pictures, and have them decide about other groups.

    Folds keep groups together; the shares grow picture by picture, every class alike.

    Args:
        features: float [N, D], finite, of a network that was not fitted to these pictures.
        labels: int [N], positions of the classes.
        groups: [N], pictures of one name are held out together.
        classes: how many there are.
        seed: of folds and shares.
        repeats: how often new folds are dealt.

    Returns:
        None where a class is in fewer than two groups, so that none can be held out.
    """
    # Hundreds of small problems: threads would wait for each other longer than they work.
    with threadpool_limits(1):
        return _curve(features, labels, groups, classes=classes, seed=seed, repeats=repeats)


def _curve(
    features: npt.NDArray[np.float32],
    labels: Integers,
    groups: npt.NDArray[np.str_],
    *,
    classes: int,
    seed: int,
    repeats: int,
) -> Curve | None:
    axes = Components.of(features, count=_COMPONENTS, seed=derive(seed, "advisor"))
    reduced = axes.apply(features)
    right = np.full((repeats, len(SHARES), len(labels)), np.nan)
    sizes: list[Floats] = []
    for repeat in track(range(repeats), "drawing the learning curve"):
        turn = derive(seed, "advisor", str(repeat))
        for fold in grouped_folds(labels, groups, folds=_FOLDS, seed=turn):
            outer, places = fold.outer, _places(labels[fold.inner], turn)
            for row, share in enumerate(SHARES):
                known = fold.inner[places <= share]
                probe = fit_ridge(reduced[known], labels[known], classes=classes)
                right[repeat, row, outer] = probe.decide(reduced[outer]) == labels[outer]
                sizes.append(np.bincount(labels[known], minlength=classes).astype(np.float64))
    if not sizes:
        return None
    means = np.stack(sizes).reshape(-1, len(SHARES), classes).mean(axis=0)
    return Curve(labels, classes, right, means)


def _places(labels: Integers, seed: int) -> Floats:
    """Return each picture's place in its class, in (0, 1]; the first is in every share."""
    random = generator(seed, "shares")
    places = np.empty(len(labels))
    for name in np.unique(labels):
        mine = np.flatnonzero(labels == name)
        places[mine] = random.permutation(np.arange(len(mine))) / len(mine)
    return places
