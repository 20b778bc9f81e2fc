"""What both label-shift detectors share: class proportions and how far they lie apart."""

import numpy as np
import numpy.typing as npt

from components.monitor.observe.observations import Observations
from components.monitor.observe.scaling import Table


def labelled(reference: Observations) -> Observations:
    """Return the pictures whose class is known."""
    return reference.take(reference.labels != "")


def targets(reference: Observations) -> npt.NDArray[np.int64]:
    """Return the label of each picture as a column of the scores.

    The order of the columns is learnt from the decisions: the class that was decided for most
    often where a column was largest. A class that never was takes a column that is left.
    """
    best = reference.scores.argmax(axis=1)
    names = list(dict.fromkeys([*np.unique(reference.labels)]))
    votes = np.array(
        [
            [np.sum((best == column) & (reference.decisions == name)) for name in names]
            for column in range(reference.scores.shape[1])
        ]
    )
    columns: dict[str, int] = {}
    free = list(range(reference.scores.shape[1]))
    for name in sorted(names, key=lambda name: -votes[:, names.index(name)].max()):
        if not free:
            break
        columns[name] = max(free, key=lambda column: votes[column, names.index(name)])
        free.remove(columns[name])
    return np.array([columns.get(name, -1) for name in reference.labels], dtype=np.int64)


def shares(columns: npt.NDArray[np.int64], classes: int) -> Table:
    """Return the share of each class, float64 [classes], none of them zero."""
    counts = np.bincount(columns[columns >= 0], minlength=classes) + 0.5
    found: Table = counts / counts.sum()
    return found


def distance(first: Table, second: Table) -> float:
    """Return the total variation distance of two mixes, in [0, 1]."""
    return float(np.abs(first - second).sum() / 2)
