"""The candidate beside the version that serves: one vote, and the figures behind it."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from components.common.artifacts.evaluation import Evaluation, EvaluationInfo, scored
from components.common.artifacts.verdict import ServingComparison, Word
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


def compare(
    evaluation: Evaluation, predictions: pd.DataFrame, settings: GateConfig
) -> tuple[Vote, ServingComparison | None]:
    """Say whether the candidate loses too much against the version that serves.

    What may be lost is counted from the best version so far: of `tolerance`, what the serving
    version already lies below it is used up. So many small losses end where one large one does.

    Args:
        evaluation: holds the other model's answers.
        predictions: the candidate's, about the pictures that can be compared, see `in_common`.
        settings: metric, tolerance, confidence.
    """
    info = replace(evaluation.info, pictures=len(predictions))
    allowed = max(0.0, settings.tolerance - info.incumbent_below_best)
    other = evaluation.incumbent_predictions()
    measured = None
    groups = predictions["group"].astype(str).tolist()
    if other is not None:
        measured = paired_difference(
            scored(predictions, info.classes),
            scored(_aligned(other, predictions), info.classes),
            groups=groups,
            metric=settings.primary_metric,
            tolerance=allowed,
        )
    if measured is None:
        return _not_comparable(info, settings), None
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
        allowed=allowed,
    )
    text = _text(comparison, info)
    word = word_of(measured, allowed=allowed, confidence=settings.confidence)
    if word == "hold":
        return ("hold", f"{text}; at most {allowed:.3f} may be lost."), comparison
    if word == "insufficient":
        needed = _needed(measured, comparison, info, groups=count_clusters(groups))
        doubt = f"a loss of more than {allowed:.3f} cannot be ruled out. {needed}"
        return ("insufficient", f"{text}; {doubt}"), comparison
    return ("deploy", f"{text}; it is not worse by more than {allowed:.3f}."), comparison


def word_of(measured: PairedDifference, *, allowed: float, confidence: float) -> Word:
    """Say what a difference speaks for.

    Args:
        measured: candidate minus incumbent.
        allowed: the loss that is still accepted, in [0, 1].
        confidence: how sure it must be that no more is lost, in (0.5, 1).
    """
    if measured.value < -allowed:
        return "hold"
    if measured.value - measured.reach(confidence) < -allowed:
        return "insufficient"
    return "deploy"


def _not_comparable(info: EvaluationInfo, settings: GateConfig) -> Vote:
    if info.seen_by_incumbent:
        rest = info.pictures - info.seen_by_incumbent
        return (
            "insufficient",
            f"Version {info.incumbent_version}, which serves now, was trained or calibrated on "
            f"{info.seen_by_incumbent} of the {info.pictures} test pictures, and the {rest} others "
            "are too few to compare by: keep the splits (validate.keep_splits=true), add new "
            "pictures, or judge by cross-validation (evaluate.evidence=cross_validation).",
        )
    return (
        "insufficient",
        f"Version {info.incumbent_version}, which serves now, could not be compared by "
        f"{LABELS[settings.primary_metric]} on these {kind_of(info)}; set "
        "gate.compare_with_serving=false to judge by the minimums alone.",
    )


def in_common(evaluation: Evaluation, predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the candidate's answers about pictures that the serving version had not seen either.

    All of them where it could not be scored at all.

    Raises:
        DataError: it was asked about pictures that the candidate was not asked about.
    """
    other = evaluation.incumbent_predictions()
    if other is None:
        return predictions
    if not set(other["path"]) <= set(predictions["path"]):
        raise DataError(
            "answers of both models on the same pictures",
            received=f"{len(predictions)} and {len(other)} pictures that differ",
            do="run the step evaluate again",
        )
    return predictions[predictions["path"].isin(other["path"])].reset_index(drop=True)


def _aligned(other: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    return other.set_index("path").loc[predictions["path"]].reset_index()


def _text(comparison: ServingComparison, info: EvaluationInfo) -> str:
    text = (
        f"Against version {info.incumbent_version}, which serves now, the "
        f"{LABELS[comparison.metric]} on {info.pictures} {kind_of(info)} is "
        f"{comparison.candidate:.3f} instead of {comparison.incumbent:.3f}: a change of "
        f"{comparison.difference:+.3f}, and with {100 * comparison.confidence:g} % confidence not "
        f"below {comparison.low:+.3f}"
    )
    if not info.incumbent_below_best:
        return text
    return (
        f"{text} (version {info.incumbent_version} is {info.incumbent_below_best:.3f} below the "
        f"best before it, of the tolerance of {comparison.tolerance:.3f} the rest is left)"
    )


def _needed(
    measured: PairedDifference, comparison: ServingComparison, info: EvaluationInfo, *, groups: int
) -> str:
    """Say how many pictures, and groups, would settle it if the difference stayed what it is."""
    margin = comparison.difference + comparison.allowed
    kind = kind_of(info)
    for more in np.geomspace(1.0, _MOST_TIMES, 400):
        if measured.reach(comparison.confidence, more=more) <= margin:
            pictures = f"About {math.ceil(more * info.pictures)} {kind}"
            from_groups = f" from {math.ceil(more * groups)} groups"
            return f"{pictures}{from_groups if groups < info.pictures else ''} would settle it."
    return f"Not even {_MOST_TIMES:.0f} times as many {kind} would settle it."
