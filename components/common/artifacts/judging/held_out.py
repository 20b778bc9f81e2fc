"""Answers about pictures that the network had not seen, as tables with one row a picture."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.labels.tasks import TaskTargets, side_by_side
from components.common.statistics.temperature import fit_temperature, softmax

HELD_OUT_COLUMNS = (
    "path",  # str, in the Dataset
    "group",  # str
    "target",  # int, position in CandidateInfo.classes
    "fold",  # int, the cross-validation fold that asked about the picture; -1 under holdout
    # and one float32 column a class: "z_<class>", uncalibrated logits, averaged over the flips,
    # and those of further tasks, as `tasks.side_by_side` names them
)


def held_out_table(
    logits: npt.NDArray[np.float32],
    *,
    classes: Sequence[str],
    paths: Sequence[str],
    groups: Iterable[str],
    targets: npt.NDArray[np.int64],
    folds: npt.NDArray[np.int64] | None = None,
    tasks: Sequence[TaskTargets] = (),
) -> pd.DataFrame:
    """Return answers about held-out pictures: HELD_OUT_COLUMNS and one column a class.

    Args:
        logits: float32 [N, classes], uncalibrated, averaged over the flips; or wider by those of
            further tasks.
        classes: their names.
        paths, groups, targets: of the N pictures.
        folds: int [N], the fold that asked about each; None under holdout.
        tasks: what a wider table of logits answers besides.
    """
    own, further = np.split(logits, [len(classes)], axis=1)
    table = pd.DataFrame({"path": list(paths), "group": list(groups), "target": targets})
    table["fold"] = -1 if folds is None else folds
    table = table.join(pd.DataFrame(own, columns=[f"z_{name}" for name in classes]))
    if not further.shape[1]:
        return table
    return table.join(side_by_side([one.task for one in tasks], further))


def no_answers(classes: Sequence[str]) -> pd.DataFrame:
    """Return such a table without rows."""
    nothing = np.empty((0, len(classes)), np.float32)
    none = np.empty(0, np.int64)
    return held_out_table(nothing, classes=classes, paths=[], groups=[], targets=none)


def held_out_logits(table: pd.DataFrame, classes: Sequence[str]) -> npt.NDArray[np.float32]:
    """Return the logits of such a table, float32 [N, classes]."""
    return table[[f"z_{name}" for name in classes]].to_numpy(dtype=np.float32)


def calibrated(table: pd.DataFrame, classes: Sequence[str]) -> npt.NDArray[np.float32]:
    """Return the probabilities of out-of-fold answers, float32 [N, classes].

    The temperature of each fold is fitted on the other folds' pictures, so that no picture has a
    say in how sure the answer about it is.
    """
    logits, targets = held_out_logits(table, classes), table["target"].to_numpy(dtype=np.int64)
    folds = table["fold"].to_numpy(dtype=np.int64)
    probabilities = np.empty_like(logits)
    for fold in np.unique(folds):
        own = folds == fold
        temperature = np.float32(fit_temperature(logits[~own], targets[~own]))
        probabilities[own] = softmax(logits[own] / temperature)
    return probabilities
