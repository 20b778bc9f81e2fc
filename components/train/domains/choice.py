"""Which arm to keep, when nobody may look at a label of the target.

Arms are tried in the order in which they came out where they were measured; the first that passes
a guard is kept. To rank arms by a number instead was worse on the demo: by `information` (it
favours MCC, which raises it by itself), by the source's held-out loss, or by how well the target's
answers teach the source's labels (reverse validation favours CORAL, the worst there).
"""

from dataclasses import dataclass

import numpy as np

from components.common.statistics.folds import Fold, grouped_folds
from components.common.statistics.temperature import softmax
from components.networks.probe.blocks import Doubles
from components.networks.rows import Floats
from components.train.domains.arms import Arm, DomainAnswers, Sides, solve

BASELINES: tuple[Arm, ...] = ("none", "standardise")
# Of two classes MCC is little more than sure answers; of many, MMD lets classes change places.
OF_TWO: tuple[Arm, ...] = ("mmd", "dann", "mcc")
OF_MANY: tuple[Arm, ...] = ("mcc", "mmd", "coral")
_FOLDS = 2  # of four: each arm is fitted so often to be judged
_MAY_LOSE = 0.05  # of the source's held-out accuracy
# Share of the target's pictures that are to be decided as standardisation alone decides them. On
# the digits' pairs it was 0.80 and more where an alignment helped, 0.43 and less where it failed.
_AGREED = 2 / 3


@dataclass(frozen=True)
class JudgedArm:
    """What is known of an arm without a label of the target.

    accuracy: on source pictures of groups that it was not fitted on.
    information: of its answers about the target, in nats.
    agreed: share of the target that it decides as standardisation does.
    """

    arm: Arm
    accuracy: float
    information: float
    agreed: float


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

    The guard: answers about the target say more than the baseline's, mostly the same as those of
    standardisation, and about the source not much less is right.

    Args:
        sides, strength, weight, seed: see `solve`.
    """
    split = sides.split
    folds = grouped_folds(split.labels, split.groups, folds=4, seed=seed)[:_FOLDS]
    if not folds:
        return "standardise", "too few groups to judge alignments by: each domain is standardised"

    def asked(arm: Arm, fold: Fold) -> DomainAnswers:
        by_view = np.arange(len(sides.own)).reshape(-1, split.pictures)
        own = sides.own[by_view[:, fold.inner].ravel()]
        part = Sides(own, split.select(fold.inner), sides.others)
        return solve(arm, part, strength=strength, weight=weight, seed=seed)

    plain = [asked("standardise", fold) for fold in folds]

    def judged(arm: Arm) -> JudgedArm:
        answers = plain if arm == "standardise" else [asked(arm, fold) for fold in folds]
        each = [_judge(*one, sides) for one in zip(answers, plain, folds, strict=True)]
        return JudgedArm(arm, *(float(figure) for figure in np.mean(each, axis=0)))

    base = max(map(judged, BASELINES), key=lambda one: one.information)
    for one in map(judged, OF_TWO if split.targets.shape[1] == 2 else OF_MANY):
        unharmed = one.accuracy >= base.accuracy - _MAY_LOSE and one.agreed >= _AGREED
        if unharmed and one.information > base.information:
            return one.arm, (
                f"aligned by {one.arm}: its answers about the target say {one.information:.3f} "
                f"nats, those of {base.arm} {base.information:.3f}"
            )
    return base.arm, f"fell back to {base.arm}: no alignment says more about the target unharmed"


def _judge(
    answers: DomainAnswers, plain: DomainAnswers, fold: Fold, sides: Sides
) -> tuple[float, float, float]:
    """Return accuracy on a fold of the source, information and agreement on the target."""
    said = answers.own.logits(sides.plain[fold.outer]).argmax(axis=1)
    hits = said == sides.split.labels[fold.outer]
    right = np.average(hits, weights=sides.split.weights[fold.outer])
    logits, before = answers.others.logits(sides.others), plain.others.logits(sides.others)
    agreed = (logits.argmax(axis=1) == before.argmax(axis=1)).mean()
    return float(right), information(logits), float(agreed)
