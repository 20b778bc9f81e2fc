"""The tasks besides the class: none of them may become worse than what serves.

The class decides. A task speaks against a candidate where its figure falls by more than the
tolerance; that its pictures are too few to be sure of it is said and holds nothing back.
"""

import pandas as pd

from components.common.artifacts.judging.evaluation import SERVES, EvaluationInfo
from components.common.statistics.figures import LABELS
from components.gate.compare import Rival, Vote, aligned
from components.gate.config import GateConfig
from components.gate.paired import paired_difference


def judge_tasks(
    rival: Rival, predictions: pd.DataFrame, info: EvaluationInfo, settings: GateConfig
) -> list[Vote]:
    """Return a vote for each task that both versions answer, none against any but what serves.

    Args:
        rival: holds the version's answers.
        predictions: the candidate's, about the pictures that can be compared, see `in_common`.
        info: names the tasks.
        settings: metric, tolerance, confidence.
    """
    if rival.role != SERVES or rival.answers is None:
        return []
    answers, groups = aligned(rival.answers, predictions), predictions["group"].astype(str)
    votes: list[Vote] = []
    for task in info.tasks:
        theirs = {one.name: one for one in task.answered(answers)}
        for mine in task.answered(predictions):
            other = theirs.get(mine.name)
            if other is None or (other.known != mine.known).any():
                continue
            measured = paired_difference(
                mine.scored,
                other.scored,
                groups=groups[mine.known].tolist(),
                metric=settings.primary_metric,
                tolerance=settings.tolerance,
            )
            if measured is None:
                continue
            low = measured.value - measured.reach(settings.confidence)
            text = (
                f"Task '{mine.name}': the {LABELS[settings.primary_metric]} on "
                f"{int(mine.known.sum())} pictures is {measured.candidate:.3f} instead of "
                f"{measured.incumbent:.3f} of version {rival.version}: a change of "
                f"{measured.value:+.3f}, and with {100 * settings.confidence:g} % confidence not "
                f"below {low:+.3f}"
            )
            if measured.value < -settings.tolerance:
                votes.append(("hold", f"{text}; at most {settings.tolerance:.3f} may be lost."))
            else:
                votes.append(("deploy", f"{text}."))
    return votes
