"""What the model answers, by group: the unit of evidence is a whole module, lot or session.

A group's answer for a class is the mean log odds of its pictures. A window's answers are ridits
(Bross, "How to Use Ridit Analysis", 1958): the share of the reference's groups that lie below, so
that a mean of 0.5 is usual, whatever the spread of the groups. The mean of ridits is the rank-sum
test of Mann and Whitney (1947), and the sums of several looks add up.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.artifacts.monitoring.observations import Observations, Texts
from components.monitor.detect.contract import Design
from components.monitor.observe.scaling import Table

# Of a score of 0.9999: nearer to certainty, single pictures would outweigh their group.
_SUREST = 9.2
UNIFORM_DEVIATION = 1 / np.sqrt(12)


@dataclass(frozen=True)
class Ridits:
    """How many groups of the reference lie below a group.

    ordered: float64 [classes, G], the answers of the reference's groups, rising.
    correlation: float64 [classes, classes], between the ridits of these groups.
    independent: each picture is a group of its own.
    """

    ordered: Table
    correlation: Table
    independent: bool

    @classmethod
    def of(cls, reference: Observations, design: Design, *, rng: np.random.Generator) -> "Ridits":
        """Learn from rows that all have scores.

        Of each group as many pictures count as the window has of one: means of fewer vary more.
        """
        least = 1 if design.independent else max(1, design.pictures // design.groups)
        groups = _units(reference, design.independent)
        order = rng.permutation(len(groups))
        member = np.unique(groups[order].astype(str), return_inverse=True)[1]
        # A picture's number within its group, in random order.
        starts = np.searchsorted(np.sort(member), member)
        place = np.empty(len(member), dtype=np.int64)
        place[np.argsort(member, kind="stable")] = np.arange(len(member))
        chosen = order[place - starts < least]
        ordered = np.sort(_means(reference.scores[chosen], groups[chosen]), axis=0).T
        means = _means(reference.scores, groups)
        found = cls(ordered, np.eye(len(ordered)), design.independent)
        ridits = found._ridits(means) - 0.5
        lengths = np.maximum(np.sqrt((ridits**2).sum(axis=0)), 1e-9)
        correlation = ridits.T @ ridits / np.outer(lengths, lengths)
        np.fill_diagonal(correlation, 1.0)
        return cls(ordered, correlation, design.independent)

    @property
    def groups(self) -> int:
        """How many groups the reference has."""
        return int(self.ordered.shape[1])

    def of_window(self, window: Observations) -> Table:
        """Return float64 [groups of the window, classes]; rows of the window have scores."""
        return self._ridits(_means(window.scores, _units(window, self.independent)))

    def _ridits(self, means: Table) -> Table:
        columns = [
            (np.searchsorted(known, column, "left") + np.searchsorted(known, column, "right")) / 2
            for known, column in zip(self.ordered, means.T, strict=True)
        ]
        found: Table = np.stack(columns, axis=1) / self.groups
        return found

    def deviation(self, groups: npt.ArrayLike) -> Table:
        """Return how much means over so many groups differ from 0.5 without drift.

        The reference is a sample as well: however long the window, its error stays.
        """
        found: Table = UNIFORM_DEVIATION * np.sqrt(1 / np.asarray(groups) + 1 / self.groups)
        return found


def _units(observations: Observations, independent: bool) -> Texts:
    if independent:
        return np.arange(len(observations)).astype(str).astype(object)
    return observations.groups


def _means(scores: npt.NDArray[np.float32], groups: Texts) -> Table:
    """Return float64 [groups, classes]: mean log odds of each class against all others."""
    chance = scores.astype(np.float64)
    with np.errstate(divide="ignore"):
        odds = np.log(chance) - np.log1p(-np.minimum(chance, 1.0))
    odds = np.clip(np.nan_to_num(odds, nan=_SUREST, posinf=_SUREST), -_SUREST, _SUREST)
    member = np.unique(groups.astype(str), return_inverse=True)[1]
    sums = np.zeros((int(member.max(initial=-1)) + 1, scores.shape[1]))
    np.add.at(sums, member, odds)
    found: Table = sums / np.bincount(member)[:, None]
    return found
