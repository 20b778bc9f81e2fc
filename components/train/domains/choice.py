"""Which arm to keep, when nobody may look at a label of the other side.

Measured on the demo in both directions: how much the answers about the other side say
(`information`) ranks arms well, if those are left out that pay for it on the own side. How well
these answers teach the own side's labels (reverse validation) ranks them badly: it favours CORAL,
the worst there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.common.statistics.folds import grouped_folds
from components.common.statistics.temperature import log_loss, softmax
from components.networks.data import Floats, Positions
from components.networks.probe.probe import Doubles
from components.train.domains.arms import BASELINES, Arm, Sides, solve

_FOLDS = 2  # of four: each arm is fitted so often to be judged
# An arm may lose so much of the own side's held-out loss, as a share of the baseline's.
_MAY_LOSE = 0.1


@dataclass(frozen=True)
class Judged:
    """What is known of an arm without a label of the other side.

    held_out_loss: on own pictures of groups that it was not fitted on, in nats.
    information: see `information`, in nats.
    """

    arm: Arm
    held_out_loss: float
    information: float


def information(logits: Floats) -> float:
    """Return how much answers [N, classes] say, in nats: the more, the surer and the more varied.

    H(mean answer) - mean H(answer), the mutual information of picture and class (Bridle et al.
    1991, NeurIPS; used to choose models without labels by Saito et al. 2021, arXiv:2108.10860).
    """
    answers = softmax(logits).astype(np.float64)

    def entropy(chances: Doubles) -> float:
        return float(-(chances * np.log(np.maximum(chances, 1e-12))).sum(axis=-1).mean())

    return entropy(answers.mean(axis=0)) - entropy(answers)


def judge(
    sides: Sides, arms: Sequence[Arm], *, strength: float, weight: float, seed: int
) -> tuple[Judged, ...]:
    """Judge arms by folds of the own side; none where its groups are too few for folds."""
    split = sides.split
    folds = grouped_folds(split.labels, split.groups, folds=4, seed=seed)[:_FOLDS]
    if not folds:
        return ()
    found = []
    for arm in arms:
        losses, said = [], []
        for fold in folds:
            part = _part(sides, fold.inner)
            answers = solve(arm, part, strength=strength, weight=weight, seed=seed)
            asked = answers.own.logits(sides.plain[fold.outer])
            losses.append(log_loss(asked, split.targets[fold.outer], split.weights[fold.outer]))
            said.append(information(answers.others.logits(sides.others)))
        found.append(Judged(arm, float(np.mean(losses)), float(np.mean(said))))
    return tuple(found)


def choose(judged: Sequence[Judged]) -> tuple[Arm, str]:
    """Return the arm to keep and why.

    Of the arms that answer about the own side nearly as well as the baseline, the one whose answers
    about the other side say most; the better of the baselines where none says more than it.
    """
    baselines = [one for one in judged if one.arm in BASELINES]
    if not baselines:
        return "standardise", "too few groups to judge arms by: each side is standardised"
    base = max(baselines, key=lambda one: one.information)
    most = base.held_out_loss * (1.0 + _MAY_LOSE)
    able = [
        one for one in judged if one.held_out_loss <= most and one.information > base.information
    ]
    if not able:
        return base.arm, f"fell back to {base.arm}: no arm says more about the other side unharmed"
    best = max(able, key=lambda one: one.information)
    return best.arm, (
        f"aligned by {best.arm}: its answers about the other side say {best.information:.3f} nats, "
        f"those of {base.arm} {base.information:.3f}"
    )


def _part(sides: Sides, rows: Positions) -> Sides:
    """Return the sides with the own pictures at positions `rows`, in all views, alone."""
    by_view = np.arange(len(sides.own)).reshape(-1, sides.split.pictures)
    return Sides(sides.own[by_view[:, rows].ravel()], sides.split.select(rows), sides.others)
