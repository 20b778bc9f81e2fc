"""What the model answers, by group: the unit of evidence is a whole module, lot or session.

A group's answer for a class is the mean log odds of its pictures. A window's answers are ridits
(Bross, "How to Use Ridit Analysis", 1958): the share of the reference's groups that lie below, so
that a mean of 0.5 is usual, whatever the spread of the groups. The mean of ridits is the rank-sum
test of Mann and Whitney (1947), and the sums of several looks add up.

Where a class becomes more frequent, the groups that had little of it move most, and those that are
full of it cannot: `RISES` caps ridits where they tell no more. Its place was chosen on the demo.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from components.common.artifacts.monitoring.observations import Observations, Texts
from components.monitor.detect.contract import Design
from components.monitor.observe.scaling import Table

# Of a score of 0.9999: nearer to certainty, single pictures would outweigh their group.
_SUREST = 9.2


@dataclass(frozen=True)
class Cap:
    """Ridits of at most `at`; `mean` and `deviation` are those of a group without drift."""

    at: float

    def apply(self, ridits: Table) -> Table:
        """Return them capped."""
        found: Table = np.minimum(ridits, self.at)
        return found

    @property
    def mean(self) -> float:
        """Of the capped uniform distribution."""
        return self.at**2 / 2 + (1 - self.at) * self.at

    @property
    def deviation(self) -> float:
        """Of the capped uniform distribution."""
        square = self.at**3 / 3 + (1 - self.at) * self.at**2
        return float(np.sqrt(square - self.mean**2))


ALL = Cap(1.0)
RISES = Cap(0.6)


@dataclass(frozen=True)
class Ridits:
    """How many groups of the reference lie below a group.

    ordered: float64 [classes, G], the answers of the reference's groups, rising.
    own: float64 [G, classes], the ridits of these groups.
    independent: each picture is a group of its own.
    """

    ordered: Table
    own: Table
    independent: bool

    @classmethod
    def of(cls, reference: Observations, design: Design, *, rng: np.random.Generator) -> "Ridits":
        """Learn from rows that all have scores.

        Of each group as many pictures count as the window has of one: means of fewer vary more.
        """
        odds = _log_odds(reference)
        means = odds if design.independent else _of_groups(odds, reference.groups)
        counted = means
        if not design.independent:
            each = max(1, design.pictures // design.groups)
            chosen = _some_of_each(reference.groups, each, rng)
            counted = _of_groups(odds[chosen], reference.groups[chosen])
        found = cls(np.sort(counted, axis=0).T, np.empty((0, 0)), design.independent)
        return replace(found, own=found._ridits(means))

    @property
    def groups(self) -> int:
        """How many groups the reference has."""
        return int(self.ordered.shape[1])

    def of_window(self, window: Observations) -> Table:
        """Return float64 [groups of the window, classes]; rows of the window have scores."""
        odds = _log_odds(window)
        return self._ridits(odds if self.independent else _of_groups(odds, window.groups))

    def _ridits(self, means: Table) -> Table:
        columns = [
            (np.searchsorted(known, column, "left") + np.searchsorted(known, column, "right")) / 2
            for known, column in zip(self.ordered, means.T, strict=True)
        ]
        found: Table = np.stack(columns, axis=1) / self.groups
        return found

    def spread(self, groups: npt.ArrayLike) -> Table:
        """Return how much means over so many groups differ without drift, in a group's deviations.

        The reference is a sample as well: however long the window, its error stays.
        """
        found: Table = np.sqrt(1 / np.asarray(groups) + 1 / self.groups)
        return found

    def correlation(self, cap: Cap) -> Table:
        """Return float64 [classes, classes], between the capped ridits of the reference."""
        away = cap.apply(self.own) - cap.mean
        lengths = np.maximum(np.sqrt((away**2).sum(axis=0)), 1e-9)
        found: Table = away.T @ away / np.outer(lengths, lengths)
        np.fill_diagonal(found, 1.0)
        return found


def _some_of_each(groups: Texts, each: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return the rows of at most so many pictures of each group, drawn at random."""
    order = rng.permutation(len(groups))
    dealt = order[np.argsort(groups[order].astype(str), kind="stable")]
    starts = np.unique(groups[dealt].astype(str), return_index=True, return_inverse=True)
    place = np.arange(len(dealt)) - starts[1][starts[2]]
    found: npt.NDArray[np.int64] = dealt[place < each]
    return found


def _log_odds(observations: Observations) -> Table:
    """Return float64 [N, classes]: each class against all others."""
    chance = observations.scores.astype(np.float64)
    with np.errstate(divide="ignore"):
        odds = np.log(chance) - np.log1p(-np.minimum(chance, 1.0))
    found: Table = np.clip(odds, -_SUREST, _SUREST)
    return found


def _of_groups(values: Table, groups: Texts) -> Table:
    """Return the means of groups, float64 [groups, D]."""
    member = np.unique(groups.astype(str), return_inverse=True)[1]
    sums = np.zeros((int(member.max(initial=-1)) + 1, values.shape[1]))
    np.add.at(sums, member, values)
    found: Table = sums / np.bincount(member)[:, None]
    return found
