"""Which arm to keep, when nobody may look at a label of the target.

Arms are tried in the order in which they came out on the demo in both directions; the first one
that passes a guard is kept. To rank arms by a number instead was measured there and is worse: by
`information` (it favours MCC, which raises it by itself), by the source's held-out loss, by how
well the target's answers teach the source's labels (reverse validation favours CORAL, the worst).
"""

from dataclasses import dataclass

import numpy as np

from components.common.statistics.folds import Fold, grouped_folds
from components.common.statistics.temperature import softmax
from components.networks.data import Floats
from components.networks.probe.probe import Doubles
from components.train.domains.arms import Arm, Sides, solve

BASELINES: tuple[Arm, ...] = ("none", "standardise")
PREFERRED: tuple[Arm, ...] = ("mmd", "dann", "mcc")
_FOLDS = 2  # of four: each arm is fitted so often to be judged
_MAY_LOSE = 0.05  # of the source's held-out accuracy


@dataclass(frozen=True)
class Judged:
    """What is known of an arm without a label of the target.

    accuracy: on source pictures of groups that it was not fitted on.
    information: of its answers about the target, in nats.
    """

    arm: Arm
    accuracy: float
    information: float


def information(logits: Floats) -> float:
    """Return how much answers [N, classes] say, in nats: the surer and the more varied, the more.

    H(mean answer) - mean H(answer): the mutual information of picture and class (Bridle et al.
    1991, NeurIPS 4).
    """
    answers = softmax(logits).astype(np.float64)

    def entropy(chances: Doubles) -> float:
        return float(-(chances * np.log(np.maximum(chances, 1e-12))).sum(axis=-1).mean())

    return entropy(answers.mean(axis=0)) - entropy(answers)


def choose(sides: Sides, *, strength: float, weight: float, seed: int) -> tuple[Arm, str]:
    """Return the arm to keep and why: the first that passes the guard, else the better baseline.

    The guard: answers about the target say more than the baseline's, and about the source not much
    less is right.

    Args:
        sides, strength, weight, seed: see `solve`.
    """
    split = sides.split
    folds = grouped_folds(split.labels, split.groups, folds=4, seed=seed)[:_FOLDS]
    if not folds:
        return "standardise", "too few groups to judge alignments by: each domain is standardised"

    def judged(arm: Arm) -> Judged:
        each = [_asked(arm, sides, fold, strength, weight, seed) for fold in folds]
        accuracy, said = np.mean(each, axis=0)
        return Judged(arm, float(accuracy), float(said))

    base = max(map(judged, BASELINES), key=lambda one: one.information)
    for one in map(judged, PREFERRED):
        if one.information > base.information and one.accuracy >= base.accuracy - _MAY_LOSE:
            return one.arm, (
                f"aligned by {one.arm}: its answers about the target say {one.information:.3f} "
                f"nats, those of {base.arm} {base.information:.3f}"
            )
    return base.arm, f"fell back to {base.arm}: no alignment says more about the target unharmed"


def _asked(
    arm: Arm, sides: Sides, fold: Fold, strength: float, weight: float, seed: int
) -> tuple[float, float]:
    """Return an arm's accuracy on a fold of the source, and its information on the target."""
    by_view = np.arange(len(sides.own)).reshape(-1, sides.split.pictures)
    own = sides.own[by_view[:, fold.inner].ravel()]
    part = Sides(own, sides.split.select(fold.inner), sides.others)
    answers = solve(arm, part, strength=strength, weight=weight, seed=seed)
    said = answers.own.logits(sides.plain[fold.outer]).argmax(axis=1)
    hits = said == sides.split.labels[fold.outer]
    right = np.average(hits, weights=sides.split.weights[fold.outer])
    return float(right), information(answers.others.logits(sides.others))
