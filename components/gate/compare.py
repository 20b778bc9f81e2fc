"""The candidate beside an earlier version: one vote, and the figures behind it."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from components.common.artifacts.judging.evaluation import (
    BEST,
    SERVES,
    Evaluation,
    EvaluationInfo,
    known_classes,
    scored,
)
from components.common.artifacts.judging.verdict import ServingComparison, Word
from components.common.errors import DataError
from components.common.statistics.clusters import count_clusters
from components.common.statistics.figures import LABELS
from components.gate.config import GateConfig
from components.gate.paired import PairedDifference, paired_difference

Vote = tuple[Word, str]  # what one check speaks for, and why
# Beyond this nobody counts on it any more.
_MOST_TIMES = 100.0


def kind_of(info: EvaluationInfo) -> str:
    """Return what the pictures are called that the evidence comes from."""
    return "out-of-fold pictures" if info.evidence == "cross_validation" else "test pictures"


@dataclass(frozen=True, kw_only=True)
class Rival:
    """A version that the candidate must not lose to: SERVES or BEST.

    `answers` is None where it could not be scored.
    """

    version: int
    role: str
    answers: pd.DataFrame | None

    @property
    def name(self) -> str:
        """What a reason begins with."""
        return f"Version {self.version}, {self.role},"


def rivals(evaluation: Evaluation) -> tuple[Rival, ...]:
    """Return the version that serves and, where it is another, the best one so far.

    Against the serving version alone many small losses would add up, however good each comparison.
    """
    info = evaluation.info
    found = []
    if info.incumbent_version:
        answers = evaluation.incumbent_predictions()
        found.append(Rival(version=info.incumbent_version, role=SERVES, answers=answers))
    if info.best_version:
        answers = evaluation.best_predictions()
        found.append(Rival(version=info.best_version, role=BEST, answers=answers))
    return tuple(found)


def compare(
    rival: Rival, predictions: pd.DataFrame, info: EvaluationInfo, settings: GateConfig
) -> tuple[Vote, ServingComparison | None]:
    """Say whether the candidate loses too much against an earlier version.

    Args:
        rival: holds the version's answers.
        predictions: the candidate's, about the pictures that can be compared, see `in_common`.
        info: of the evaluation.
        settings: metric, tolerance, confidence.
    """
    measured = None
    groups = predictions["group"].astype(str).tolist()
    if rival.answers is not None:
        measured = paired_difference(
            scored(predictions, info.classes),
            scored(aligned(rival.answers, predictions), info.classes),
            groups=groups,
            metric=settings.primary_metric,
            tolerance=settings.tolerance,
        )
    if measured is None:
        return _not_comparable(rival, info, settings), None
    reach = measured.reach(settings.confidence)
    comparison = ServingComparison(
        metric=settings.primary_metric,
        candidate=measured.candidate,
        incumbent=measured.incumbent,
        difference=measured.value,
        low=measured.value - reach,
        high=measured.value + reach,
        confidence=settings.confidence,
        tolerance=settings.tolerance,
        version=rival.version,
    )
    kind, pictures, tolerance = kind_of(info), len(predictions), settings.tolerance
    text = _text(comparison, rival, f"{pictures} {kind}{_new_classes(rival, info)}")
    word = word_of(measured, tolerance=tolerance, confidence=settings.confidence)
    if word == "hold":
        return ("hold", f"{text}; at most {tolerance:.3f} may be lost."), comparison
    if word == "insufficient":
        groups_there = count_clusters(groups)
        needed = _needed(measured, comparison, kind, pictures=pictures, groups=groups_there)
        doubt = f"a loss of more than {tolerance:.3f} cannot be ruled out. {needed}"
        return ("insufficient", f"{text}; {doubt}"), comparison
    return ("deploy", f"{text}; it is not worse by more than {tolerance:.3f}."), comparison


def word_of(measured: PairedDifference, *, tolerance: float, confidence: float) -> Word:
    """Say what a difference speaks for.

    Args:
        measured: candidate minus the other version.
        tolerance: the loss that is still accepted, in [0, 1].
        confidence: how sure it must be that no more is lost, in (0.5, 1).
    """
    if measured.value < -tolerance:
        return "hold"
    if measured.value - measured.reach(confidence) < -tolerance:
        return "insufficient"
    return "deploy"


def best_of(comparisons: tuple[ServingComparison, ...], rivals: tuple[Rival, ...]) -> int:
    """Return the best version so far if the candidate serves; 0 for the candidate itself.

    The best one stays the best until a candidate is better with evidence. Were a better figure
    enough, luck would make a worse candidate the best, time after time. Without a comparison
    with it a new count begins.
    """
    best = rivals[-1].version if rivals else 0
    lead = [one.low for one in comparisons if one.version == best]
    return best if lead and lead[0] <= 0 else 0


def _not_comparable(rival: Rival, info: EvaluationInfo, settings: GateConfig) -> Vote:
    if rival.role == SERVES and info.seen_by_incumbent:
        rest = info.pictures - info.seen_by_incumbent
        return (
            "insufficient",
            f"{rival.name} was trained or calibrated on "
            f"{info.seen_by_incumbent} of the {info.pictures} test pictures, and the {rest} others "
            "are too few to compare by: keep the splits (validate.keep_splits=true), add new "
            "pictures, or judge by cross-validation (evaluate.evidence=cross_validation).",
        )
    return (
        "insufficient",
        f"{rival.name} could not be compared by "
        f"{LABELS[settings.primary_metric]} on these {kind_of(info)}; set "
        "gate.compare_with_serving=false to judge by the minimums alone.",
    )


def in_common(rival: Rival, predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the candidate's answers about pictures that the other version had not seen either.

    All of them where it could not be scored at all.

    Raises:
        DataError: it was asked about pictures that the candidate was not asked about.
    """
    other = rival.answers
    if other is None:
        return predictions
    if not set(other["path"]) <= set(predictions["path"]):
        raise DataError(
            "answers of both models on the same pictures",
            received=f"{len(predictions)} and {len(other)} pictures that differ",
            do="run the step evaluate again",
        )
    return predictions[predictions["path"].isin(other["path"])].reset_index(drop=True)


def aligned(other: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """Return answers in the order of the predictions, those about the same pictures."""
    return other.set_index("path").loc[predictions["path"]].reset_index()


def _new_classes(rival: Rival, info: EvaluationInfo) -> str:
    """Return what a reader must know where the candidate answers classes that the other cannot."""
    known = info.classes if rival.answers is None else known_classes(rival.answers, info.classes)
    new = [name for name in info.classes if name not in known]
    return f" of the classes that it knows, so without {', '.join(new)}," if new else ""


def _text(comparison: ServingComparison, rival: Rival, pictures: str) -> str:
    return (
        f"Against version {rival.version}, {rival.role}, the {LABELS[comparison.metric]} on "
        f"{pictures} is {comparison.candidate:.3f} instead of {comparison.incumbent:.3f}: a change "
        f"of {comparison.difference:+.3f}, and with {100 * comparison.confidence:g} % confidence "
        f"not below {comparison.low:+.3f}"
    )


def _needed(
    measured: PairedDifference,
    comparison: ServingComparison,
    kind: str,
    *,
    pictures: int,
    groups: int,
) -> str:
    """Say how many pictures, and groups, would settle it if the difference stayed what it is."""
    margin = comparison.difference + comparison.tolerance
    for more in np.geomspace(1.0, _MOST_TIMES, 400):
        if measured.reach(comparison.confidence, more=more) <= margin:
            needed = f"About {math.ceil(more * pictures)} {kind}"
            from_groups = f" from {math.ceil(more * groups)} groups"
            return f"{needed}{from_groups if groups < pictures else ''} would settle it."
    return f"Not even {_MOST_TIMES:.0f} times as many {kind} would settle it."
