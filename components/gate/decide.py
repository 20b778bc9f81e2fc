"""One word on a candidate, with its reasons: deploy, hold or insufficient."""

import math

import pandas as pd

from components.common.artifacts.evaluation import Evaluation, EvaluationInfo, Metric, scored
from components.common.artifacts.verdict import ServingComparison, ThresholdCheck, VerdictInfo, Word
from components.common.errors import DataError
from components.common.statistics.bootstrap import count_clusters
from components.common.statistics.figures import LABELS
from components.gate.config import GateConfig, Threshold
from components.gate.paired import paired_difference

SAME_MODEL = "The candidate is the version that serves now."
# One missed minimum holds the candidate back, however much else is uncertain.
_GRAVITY: tuple[Word, ...] = ("hold", "insufficient", "deploy")

Vote = tuple[Word, str]  # what one check speaks for, and why


def decide(evaluation: Evaluation, *, settings: GateConfig) -> VerdictInfo:
    """Judge the candidate by its test figures and by the version that serves now.

    Args:
        evaluation: figures in [0, 1], and predictions with a probability column a class.
        settings: minimums, tolerance, what counts as enough evidence.

    Returns:
        The verdict. "hold" where a minimum is missed or the serving version is better;
        "insufficient" where the test pictures cannot tell, or a figure is not defined on them;
        "deploy" otherwise.

    Raises:
        DataError: the two models were not asked about the same pictures.
    """
    info = evaluation.info
    if info.candidate_sha256 and info.candidate_sha256 == info.incumbent_sha256:
        return _conclude([("hold", SAME_MODEL)], info)
    predictions = evaluation.predictions()
    scarce = _scarcity(predictions, info, settings)
    if scarce:
        return _conclude(scarce, info)
    measured = {metric.name: metric for metric in info.metrics}
    checks = tuple(
        _check(threshold, measured[threshold.metric])
        for threshold in settings.thresholds
        if threshold.metric in measured
    )
    votes = [_judge_check(check) for check in checks]
    votes += [_unmeasured(one) for one in settings.thresholds if one.metric not in measured]
    comparison = None
    if info.incumbent_version and settings.compare_with_serving:
        comparison = _compare(evaluation, predictions, settings)
        votes.append(_judge_comparison(comparison, info=info, settings=settings))
    else:
        votes.append(("deploy", _why_alone(info)))
    return _conclude(votes, info, checks, (comparison,) if comparison else ())


def _conclude(
    votes: list[Vote],
    info: EvaluationInfo,
    thresholds: tuple[ThresholdCheck, ...] = (),
    comparisons: tuple[ServingComparison, ...] = (),
) -> VerdictInfo:
    """Return the gravest word; the reasons that led to it stand first."""
    ordered = sorted(votes, key=lambda vote: _GRAVITY.index(vote[0]))
    return VerdictInfo(
        word=ordered[0][0],
        reasons=tuple(reason for _, reason in ordered),
        thresholds=thresholds,
        comparisons=comparisons,
        candidate_sha256=info.candidate_sha256,
        incumbent_sha256=info.incumbent_sha256,
        incumbent_version=info.incumbent_version,
    )


def _scarcity(predictions: pd.DataFrame, info: EvaluationInfo, settings: GateConfig) -> list[Vote]:
    groups = count_clusters(predictions["group"].tolist())
    counted = [
        (len(predictions), settings.min_test_pictures, "test pictures"),
        (groups, settings.min_groups, "groups of test pictures"),
    ]
    for index, name in enumerate(info.classes):
        pictures = int((predictions["target"] == index).sum())
        counted.append((pictures, settings.min_per_class, f"test pictures of class '{name}'"))
    return [
        ("insufficient", f"There are {count} {what}; a verdict needs at least {minimum}: add some.")
        for count, minimum, what in counted
        if count < minimum
    ]


def _check(threshold: Threshold, metric: Metric) -> ThresholdCheck:
    return ThresholdCheck(
        metric=metric.name,
        at_least=threshold.at_least,
        value=metric.value,
        low=metric.low,
        high=metric.high,
        met=metric.value >= threshold.at_least,
    )


def _unmeasured(threshold: Threshold) -> Vote:
    return (
        "insufficient",
        f"The {LABELS[threshold.metric]} could not be computed on these test pictures, but a "
        f"minimum of {threshold.at_least:.3f} is required.",
    )


def _judge_check(check: ThresholdCheck) -> Vote:
    outcome = "reached" if check.met else "missed"
    return (
        "deploy" if check.met else "hold",
        f"The {LABELS[check.metric]} is {check.value:.3f} (95 % interval {check.low:.3f} to "
        f"{check.high:.3f}); the minimum of {check.at_least:.3f} is {outcome}.",
    )


def _compare(
    evaluation: Evaluation, predictions: pd.DataFrame, settings: GateConfig
) -> ServingComparison | None:
    other = evaluation.incumbent_predictions()
    if other is None:
        return None
    classes, positive = evaluation.info.classes, evaluation.info.positive
    measured = paired_difference(
        scored(predictions, classes, positive),
        scored(_aligned(other, predictions), classes, positive),
        groups=predictions["group"].tolist(),
        metric=settings.primary_metric,
        confidence=settings.confidence,
        resamples=settings.resamples,
        seed=settings.seed,
    )
    if measured is None:
        return None
    return ServingComparison(
        metric=settings.primary_metric,
        candidate=measured.candidate,
        incumbent=measured.incumbent,
        difference=measured.value,
        low=measured.low,
        high=measured.high,
        confidence=settings.confidence,
        tolerance=settings.tolerance,
    )


def _aligned(other: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    if len(other) != len(predictions) or set(other["path"]) != set(predictions["path"]):
        raise DataError(
            "answers of both models on the same test pictures",
            received=f"{len(predictions)} and {len(other)} pictures that differ",
            do="run the step evaluate again",
        )
    return other.set_index("path").loc[predictions["path"]].reset_index()


def _judge_comparison(
    comparison: ServingComparison | None, *, info: EvaluationInfo, settings: GateConfig
) -> Vote:
    if comparison is None:
        return (
            "insufficient",
            f"Version {info.incumbent_version}, which serves now, could not be compared by "
            f"{LABELS[settings.primary_metric]} on these test pictures; set "
            "gate.compare_with_serving=false to judge by the minimums alone.",
        )
    text = (
        f"Against version {info.incumbent_version}, which serves now, the "
        f"{LABELS[comparison.metric]} is {comparison.candidate:.3f} instead of "
        f"{comparison.incumbent:.3f}: a change of {comparison.difference:+.3f} "
        f"({100 * comparison.confidence:g} % interval {comparison.low:+.3f} to "
        f"{comparison.high:+.3f})"
    )
    if comparison.difference < -comparison.tolerance:
        return ("hold", f"{text}; at most {comparison.tolerance:.3f} may be lost.")
    if comparison.low < -comparison.tolerance:
        return (
            "insufficient",
            f"{text}; a loss of more than {comparison.tolerance:.3f} cannot be ruled out. About "
            f"{_pictures_needed(comparison, info.pictures)} test pictures would settle it.",
        )
    return ("deploy", f"{text}; it is not worse by more than {comparison.tolerance:.3f}.")


def _why_alone(info: EvaluationInfo) -> str:
    if not info.incumbent_version:
        return "No version serves yet; only the minimums count."
    return (
        f"The comparison with version {info.incumbent_version}, which serves now, is switched off; "
        "only the minimums count."
    )


def _pictures_needed(comparison: ServingComparison, pictures: int) -> str:
    """Estimate by the interval's shrinking with the square root of the number of pictures."""
    margin = comparison.difference + comparison.tolerance
    if margin <= 0:
        return "many more"
    needed = pictures * ((comparison.difference - comparison.low) / margin) ** 2
    if needed > 100 * pictures:
        return f"more than {100 * pictures}"
    return str(math.ceil(needed))
