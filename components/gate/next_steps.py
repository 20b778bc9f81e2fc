"""What a user does after a verdict: the same on the page, in the terminal and in the record."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.judging.verdict import NextAction, VerdictInfo
from components.gate.shortages import Shortage

_NAMED = 3  # weak classes
_COUNTED = 5  # shortages


def with_next_steps(
    info: VerdictInfo, evaluation: Evaluation, *, lacks: Sequence[Shortage] = ()
) -> VerdictInfo:
    """Return the verdict with the action that it calls for, and sentences that explain it.

    Args:
        info: the verdict.
        evaluation: what it rests on.
        lacks: what there is too little of.
    """
    action, steps = _advice(info, evaluation, lacks)
    return replace(info, next_action=action, next_steps=tuple(steps))


def is_same(info: VerdictInfo) -> bool:
    """Tell whether the candidate is the very model that serves."""
    return bool(info.candidate_sha256) and info.candidate_sha256 == info.incumbent_sha256


def _advice(
    info: VerdictInfo, evaluation: Evaluation, lacks: Sequence[Shortage]
) -> tuple[NextAction, list[str]]:
    if is_same(info):
        return "nothing", [
            "Nothing has to be done: this model serves already. Train again when there are new "
            "pictures."
        ]
    version = info.incumbent_version
    if info.may_deploy:
        published = [
            "It is published as the next version. A server that runs takes it by itself; graft up "
            "starts one on this machine.",
            "The version before is kept: graft rollback returns to it.",
        ]
        if not version:
            published = [
                "It is published as the first version. On this machine, graft up starts a server "
                "for it."
            ]
        groups = evaluation.info.hidden_groups
        # Who overrides has weighed the figures.
        if not groups or info.override:
            return "serve", published
        honest = (
            f"First run again with the {groups} groups that were found, so that whole groups are "
            "left out for the test: the figures of this run are too good for new groups."
        )
        return "accept_groups", [honest, *published]
    steps = [f"Version {version} goes on serving." if version else "Nothing is published."]
    again = "Then run the same command again."
    if info.word == "hold":
        steps.append("Look at the worst mistakes in the report and correct labels that are wrong.")
        if weakest := _weakest(evaluation):
            names = ", ".join(weakest)
            steps.append(f"Add pictures of the classes that are recognised least: {names}.")
        return "improve", [*steps, again]
    own_word = "Or deploy it all the same, on your own word: graft gate override."
    if evaluation.info.seen_by_start or evaluation.info.seen_by_incumbent:
        judge = "Judge by cross-validation: --set evaluate.evidence=cross_validation."
        return "cross_validate", [*steps, judge, own_word]
    for one in lacks[:_COUNTED]:
        # Under cross-validation every picture is judged.
        what = one.of.replace("out-of-fold pictures", "pictures")
        steps.append(f"Add pictures: {one.needed - one.there} more {what} are needed.")
    if not lacks:
        steps.append("Add pictures: the reasons say how many would settle it.")
    apart = "Take them from other parts, lots or sessions than those that are there."
    return "add_pictures", [*steps, apart, again, own_word]


def _weakest(evaluation: Evaluation) -> list[str]:
    """Return the at most three classes that are recognised least, without perfect ones."""
    predictions = evaluation.predictions()
    right = (
        (predictions["predicted"] == predictions["target"]).groupby(predictions["target"]).mean()
    )
    worst = right[right < 1].sort_values(kind="stable").index[:_NAMED]
    return [evaluation.info.classes[position] for position in np.asarray(worst, dtype=int)]
