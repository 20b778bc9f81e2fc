"""Cross-validation folds that keep groups together, so that nothing is tuned to recognise one."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

# Chance seldom leaves a class out of a fold, and the more seldom the more groups there are.
_DEALS = 20


@dataclass(frozen=True)
class Fold:
    """Positions to fit on and positions to judge by, int [n] each."""

    inner: npt.NDArray[np.int64]
    outer: npt.NDArray[np.int64]


def grouped_folds(
    labels: npt.NDArray[np.int64],
    groups: npt.NDArray[Any],
    *,
    folds: int,
    seed: int,
    judged_classes: int = 1,
) -> tuple[Fold, ...]:
    """Return up to `folds` stratified folds by group; none when a class has fewer than two groups.

    Every class is among what is fitted on; a fold where chance leaves one out is dropped.

    Args:
        labels: int [N].
        groups: [N], text.
        folds: how many at most; a class in fewer groups lowers it.
        seed: of the shuffling.
        judged_classes: a fold is dropped with fewer classes than this to judge by.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    names = np.unique(labels)
    count = min(folds, *(len(set(groups[labels == name])) for name in names))
    if count < 2:
        return ()
    dealer = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dealt = [Fold(inner, outer) for inner, outer in dealer.split(labels, labels, groups)]
    return tuple(
        fold
        for fold in dealt
        if len(np.unique(labels[fold.inner])) == len(names)
        and len(np.unique(labels[fold.outer])) >= judged_classes
    )


def covering_folds(
    labels: npt.NDArray[np.int64], groups: npt.NDArray[Any], *, folds: int, seed: int
) -> tuple[Fold, ...]:
    """Return folds in which every row is judged once and every class is fitted on each time.

    As `grouped_folds`, but dealt again, and at last into fewer folds, until none has to be
    dropped; none at all when a class has fewer than two groups, or no deal was found.
    """
    fewest = min(len(set(groups[labels == name])) for name in np.unique(labels))
    for count in range(min(folds, fewest), 1, -1):
        for deal in range(_DEALS):
            dealt = grouped_folds(labels, groups, folds=count, seed=seed + deal)
            if len(dealt) == count:
                return dealt
    return ()
