"""Trials: held-out pictures, corrupted, with what the model then answers.

From them a correction is fitted, and its error measured on groups that it has not seen.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.common.progress import track
from components.common.seeding import generator
from components.monitor.harm.correction import Correction, Trial, fit_correction
from components.monitor.harm.describe import describe, inputs
from components.monitor.harm.evidence import Evidence
from components.monitor.harm.shift import Ruler

_WINDOWS_A_FAULT = 3
_FOLDS = 4


@dataclass(frozen=True, kw_only=True)
class Fault:
    """The same labelled pictures before and after a corruption, row by row."""

    kind: str
    severity: int
    before: Evidence
    after: Evidence

    def take(self, rows: Any) -> "Fault":
        """Return some of the pictures."""
        return dataclasses.replace(self, before=self.before.take(rows), after=self.after.take(rows))


def fit(reference: Evidence, faults: Sequence[Fault], *, seed: int) -> Correction:
    """Fit the correction on all groups; measure its error on groups left out.

    Args:
        reference: the held-out pictures as they are, labelled.
        faults: corrupted pictures of the reference; the reference itself joins as no fault.
        seed: of the windows and folds.
    """
    known = reference.take(reference.labelled)
    trials = tuple(_trials(known, faults, seed=seed))
    return dataclasses.replace(
        learnt(known, faults, seed=seed),
        trial_pictures=int(np.median([one.pictures for one in trials])) if trials else 0,
        pictures=max((len(fault.after) for fault in faults), default=0),
        groups=len(set(known.rows.groups)),
        trials=trials,
    )


def learnt(reference: Evidence, faults: Sequence[Fault], *, seed: int) -> Correction:
    """Fit the correction alone, without measuring its error."""
    known = reference.take(reference.labelled)
    ruler = Ruler(known, seed=seed)
    values, losses, kinds = [], [], []
    for fault in (*faults, _clean(known)):
        for rows in _windows(fault, seed=seed):
            window = fault.take(rows)
            values.append(list(describe(window.after, ruler).values()))
            losses.append(100.0 * (window.before.accuracy - window.after.accuracy))
            kinds.append(fault.kind)
    return fit_correction(np.array(values), np.array(losses), kinds, inputs=inputs())


def _clean(known: Evidence) -> Fault:
    return Fault(kind="none", severity=0, before=known, after=known)


def _windows(fault: Fault, *, seed: int) -> Iterator[Any]:
    """Yield masks of half the groups at a time; half the pictures where there is one group."""
    groups = fault.after.rows.groups
    names = sorted(set(groups))
    rng = generator(seed, "harm", "windows", fault.kind, str(fault.severity))
    for _ in range(_WINDOWS_A_FAULT):
        if len(names) > 1:
            yield np.isin(groups, rng.permutation(names)[: (len(names) + 1) // 2])
        else:
            yield rng.permutation(len(groups)) < (len(groups) + 1) // 2


def _trials(known: Evidence, faults: Sequence[Fault], *, seed: int) -> Iterator[Trial]:
    """Yield what a correction says of groups that neither it nor its reference has seen."""
    fold_of = _folds(known, seed=seed)
    for fold in track(range(max(fold_of.values(), default=-1) + 1), "checking the loss estimate"):
        mine = [name for name, number in fold_of.items() if number == fold]
        others = known.take(~np.isin(known.rows.groups, mine))
        rest = [fault.take(~np.isin(fault.after.rows.groups, mine)) for fault in faults]
        rest = [fault for fault in rest if len(fault.after)]
        if not len(others) or not rest:
            continue
        correction, ruler = learnt(others, rest, seed=seed), Ruler(others, seed=seed)
        for fault in (*faults, _clean(known)):
            window = fault.take(np.isin(fault.after.rows.groups, mine))
            if len(window.after):
                yield Trial(
                    kind=fault.kind,
                    severity=fault.severity,
                    pictures=len(window.after),
                    loss_points=100.0 * (others.accuracy - window.after.accuracy),
                    predicted=correction.predict(describe(window.after, ruler)),
                )


def _folds(known: Evidence, *, seed: int) -> dict[str, int]:
    names = sorted(set(known.rows.groups))
    if len(names) < 2:
        return {}
    order = generator(seed, "harm", "folds").permutation(names)
    return {str(name): place % min(_FOLDS, len(names)) for place, name in enumerate(order)}
