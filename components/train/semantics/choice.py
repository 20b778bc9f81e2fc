"""Penalties and stacking, chosen by known classes that are treated as unseen.

Unseen classes have no pictures to choose by, and none may be looked at. So folds over the known
classes leave some of them out, and what answers best about these, among all classes, is taken
(Xian et al. 2018, arXiv:1707.00600). Calibrated stacking (Chao et al. 2016, arXiv:1605.04253)
takes a constant off the scores of known classes, which else win nearly always.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.progress import report
from components.common.statistics.folds import Fold
from components.common.statistics.weighted import Floats, Integers
from components.train.semantics.solvers import Penalty, Problem, Ranking, Solver, solutions

Mask = npt.NDArray[np.bool_]

LEAST_CLASSES = 3  # one is left out as if it were unseen, and two make a question of the rest
_FOLDS = 10
_STEPS = 201


@dataclass(frozen=True, kw_only=True)
class Way:
    """How: `solver` and `ranking` as in `solvers`, `stacking` None to choose it.

    components: principal components of the features that are looked at.
    rounds: of self-training.
    """

    solver: Solver = "sae"
    ranking: Ranking = "visual"
    stacking: float | None = None
    components: int = 128
    rounds: int = 5
    seed: int = 0


@dataclass(frozen=True)
class ChosenPenalty:
    """What was chosen, and what it did on folds that had no say in it.

    penalty: of the solver. stacking: what is taken off the scores of known classes.
    harmonic: float64 [F], harmonic mean of the accuracy on known and on left-out classes.
    unstacked: the same without taking anything off.
    """

    penalty: Penalty
    stacking: float
    harmonic: Floats
    unstacked: Floats


@dataclass(frozen=True)
class _AskedFold:
    """Pictures of known and of left-out classes, answered by one map.

    gaps: float64 [M], the best known class's score minus the best left-out one's.
    right: bool [M], the truth is the best of its own side.
    left_out: bool [M].
    shares: float64 [M], each side sums to 1, each class within a side weighs the same.
    """

    gaps: Floats
    right: Mask
    left_out: Mask
    shares: Floats

    def harmonic(self, stacking: Floats) -> Floats:
        """Return the harmonic mean of both accuracies at each value, float64 [G]."""
        sides = []
        for left_out in (False, True):
            mine = self.left_out == left_out
            won = self.right[mine] * self.shares[mine]
            # A known class wins where the gap is larger than what is taken off.
            order = np.argsort(self.gaps[mine])
            below = np.concatenate([[0.0], np.cumsum(won[order])])
            place = np.searchsorted(self.gaps[mine][order], stacking, side="right")
            sides.append(below[place] if left_out else below[-1] - below[place])
        mean: Floats = 2.0 * sides[0] * sides[1] / np.maximum(sides[0] + sides[1], 1e-12)
        return mean


def choose(
    problem: Problem,
    labels: Integers,
    parts: Fold,
    way: Way,
    *,
    unseen: int,
) -> ChosenPenalty | None:
    """Leave classes out and return what answers best about them; None with too few classes.

    Args:
        problem: pictures of at least LEAST_CLASSES known classes.
        labels: int [N].
        parts: pictures to fit on, and pictures to ask about.
        way: solver and ranking; a stacking that is given; the seed of the order of the classes.
        unseen: how many classes have no pictures: a fold leaves out as many, where that leaves two.
    """
    known = np.unique(labels)
    if len(known) < LEAST_CLASSES:
        return None
    left_out = _dealt(known, min(max(unseen, 1), len(known) - 2), seed=way.seed)
    asked: list[dict[Penalty, _AskedFold]] = []
    for number, away in enumerate(left_out):
        asked.append(_fold(problem, labels, parts, away, way))
        report("leaving classes out", number + 1, len(left_out))
    gaps = np.concatenate([one.gaps for fold in asked for one in fold.values()])
    steps = np.quantile(gaps, np.linspace(0.0, 1.0, _STEPS))
    if way.stacking is not None:
        steps = np.array([way.stacking])
    penalties = list(asked[0])
    table = np.array([[fold[key].harmonic(steps) for key in penalties] for fold in asked])
    zero = np.zeros(1)
    plain = np.array([[fold[key].harmonic(zero)[0] for key in penalties] for fold in asked])
    crossed, before = [], []
    for number in range(len(asked)):
        rest = np.arange(len(asked)) != number
        best, step = _best(table[rest] if rest.any() else table)
        crossed.append(table[number, best, step])
        before.append(plain[number, best])
    best, step = _best(table)
    return ChosenPenalty(penalties[best], float(steps[step]), np.array(crossed), np.array(before))


def _best(table: Floats) -> tuple[int, int]:
    """Return the penalty and the step of the largest mean over folds, table [F, P, G]."""
    means = table.mean(axis=0)
    best, step = np.unravel_index(int(means.argmax()), means.shape)
    return int(best), int(step)


def _dealt(known: Integers, away: int, *, seed: int) -> Sequence[Integers]:
    """Return classes to leave out, `away` a fold; each is left out alike often."""
    order = np.random.default_rng(seed).permutation(known)
    count = min(len(order), _FOLDS)
    firsts = np.linspace(0, len(order), count, endpoint=False).astype(np.int64)
    return [np.take(order, first + np.arange(away), mode="wrap") for first in firsts]


def _fold(
    problem: Problem,
    labels: Integers,
    parts: Fold,
    away: Integers,
    way: Way,
) -> dict[Penalty, _AskedFold]:
    fitted = parts.inner[~np.isin(labels[parts.inner], away)]
    # As if the classes left out had never been there.
    centre = problem.features[fitted].mean(axis=0)
    inner = Problem(
        problem.features[fitted] - centre,
        problem.targets[fitted],
        problem.weights[fitted],
        problem.signatures,
    )
    columns = np.unique(labels)
    kept = columns[~np.isin(columns, away)]
    truths = labels[parts.outer]
    is_out = np.isin(truths, away)
    shares = np.zeros(len(truths))
    for group in columns:
        mine = truths == group
        of_side = np.isin(truths, away if group in away else kept)
        shares[mine] = 1.0 / max(1, mine.sum()) / len(np.unique(truths[of_side]))
    features = problem.features[parts.outer] - centre
    found = {}
    for penalty, map_ in solutions(inner, way.solver, way.ranking):
        scores = map_.scores(features)
        best_kept, best_out = scores[:, kept].max(axis=1), scores[:, away].max(axis=1)
        own = np.take_along_axis(scores, truths[:, None], axis=1)[:, 0]
        right = own >= np.where(is_out, best_out, best_kept)
        found[penalty] = _AskedFold(best_kept - best_out, right, is_out, shares)
    return found
