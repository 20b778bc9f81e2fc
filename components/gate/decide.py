"""One word on a candidate, with its reasons: deploy, hold or insufficient."""

import math

import numpy as np
import pandas as pd

from components.common.artifacts.evaluation import (
    Evaluation,
    EvaluationInfo,
    Metric,
    probabilities,
)
from components.common.artifacts.verdict import Comparison, ThresholdCheck, VerdictInfo
from components.common.errors import DataError, expected
from components.gate.config import GateConfig, Threshold
from components.gate.findings import Finding, conclude
from components.gate.paired import Answers, paired_difference

SAME_MODEL = "The candidate is the version that serves now."

_SPOKEN = {"roc_auc": "ROC-AUC", "f1": "F1"}


def decide(evaluation: Evaluation, *, settings: GateConfig) -> VerdictInfo:
    """Judge the candidate by its test figures and by the version that serves now.

    Returns:
        The verdict. "hold" where a minimum is missed or the serving version is better;
        "insufficient" where the test pictures cannot tell; "deploy" otherwise.

    Raises:
        DataError: the two models were not asked about the same pictures.
    """
    info = evaluation.info
    if info.candidate_sha256 and info.candidate_sha256 == info.incumbent_sha256:
        return conclude([Finding("hold", SAME_MODEL)], info=info)
    predictions = evaluation.predictions()
    scarce = _scarcity(predictions, info, settings)
    if scarce:
        return conclude(scarce, info=info)
    checks = tuple(
        check
        for threshold in settings.thresholds
        if (check := _check(threshold, info.metrics)) is not None
    )
    findings = [_judge_check(check) for check in checks]
    findings += _unmeasured(settings.thresholds, info.metrics)
    comparison = None
    if info.incumbent_version and settings.compare_with_serving:
        comparison = _compare(evaluation, predictions, settings)
        findings.append(_judge_comparison(comparison, info=info, settings=settings))
    else:
        findings.append(Finding("deploy", _why_alone(info)))
    compared = (comparison,) if comparison else ()
    return conclude(findings, info=info, thresholds=checks, comparisons=compared)


def _scarcity(
    predictions: pd.DataFrame, info: EvaluationInfo, settings: GateConfig
) -> list[Finding]:
    found = [
        _too_few(len(predictions), settings.min_test_pictures, "test pictures"),
        _too_few(_groups(predictions).nunique(), settings.min_groups, "groups of test pictures"),
    ]
    for index, name in enumerate(info.classes):
        count = int((predictions["target"] == index).sum())
        found.append(_too_few(count, settings.min_per_class, f"test pictures of class '{name}'"))
    return [finding for finding in found if finding is not None]


def _too_few(count: int, minimum: int, what: str) -> Finding | None:
    if count >= minimum:
        return None
    return Finding(
        "insufficient", f"There are {count} {what}; a verdict needs at least {minimum}: add some."
    )


def _groups(predictions: pd.DataFrame) -> pd.Series:
    """Return what is drawn together; a picture without a group stands for itself."""
    named = predictions["group"].astype(str)
    return named.where(named != "", predictions["path"].astype(str))


def _find(name: str, metrics: tuple[Metric, ...]) -> Metric | None:
    return next((metric for metric in metrics if metric.name == name), None)


def _check(threshold: Threshold, metrics: tuple[Metric, ...]) -> ThresholdCheck | None:
    metric = _find(threshold.metric, metrics)
    if metric is None:
        return None
    return ThresholdCheck(
        metric=metric.name,
        at_least=threshold.at_least,
        value=metric.value,
        low=metric.low,
        high=metric.high,
        met=metric.value >= threshold.at_least,
    )


def _unmeasured(thresholds: tuple[Threshold, ...], metrics: tuple[Metric, ...]) -> list[Finding]:
    return [
        Finding(
            "insufficient",
            f"The {_spoken(threshold.metric)} could not be computed on these test pictures, but a "
            f"minimum of {threshold.at_least:.3f} is required.",
        )
        for threshold in thresholds
        if _find(threshold.metric, metrics) is None
    ]


def _judge_check(check: ThresholdCheck) -> Finding:
    outcome = "reached" if check.met else "missed"
    return Finding(
        "deploy" if check.met else "hold",
        f"The {_spoken(check.metric)} is {check.value:.3f} (95 % interval {check.low:.3f} to "
        f"{check.high:.3f}); the minimum of {check.at_least:.3f} is {outcome}.",
    )


def _compare(
    evaluation: Evaluation, predictions: pd.DataFrame, settings: GateConfig
) -> Comparison | None:
    other = evaluation.incumbent_predictions()
    if other is None:
        return None
    classes = evaluation.info.classes
    measured = paired_difference(
        _answers(predictions, classes),
        _answers(_aligned(other, predictions), classes),
        groups=_groups(predictions).to_numpy(dtype=object),
        metric=settings.primary_metric,
        confidence=settings.confidence,
        resamples=settings.resamples,
        seed=settings.seed,
    )
    if measured is None:
        return None
    return Comparison(
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
            expected(
                "answers of both models on the same test pictures",
                received=f"{len(predictions)} and {len(other)} pictures that differ",
                do="run the step evaluate again",
            )
        )
    return other.set_index("path").loc[predictions["path"]].reset_index()


def _answers(predictions: pd.DataFrame, classes: tuple[str, ...]) -> Answers:
    return Answers(
        targets=predictions["target"].to_numpy(dtype=np.int64),
        predicted=predictions["predicted"].to_numpy(dtype=np.int64),
        probabilities=probabilities(predictions, classes).to_numpy(dtype=np.float64),
    )


def _judge_comparison(
    comparison: Comparison | None, *, info: EvaluationInfo, settings: GateConfig
) -> Finding:
    if comparison is None:
        return Finding(
            "insufficient",
            f"Version {info.incumbent_version}, which serves now, could not be compared by "
            f"{_spoken(settings.primary_metric)} on these test pictures; set "
            "gate.compare_with_serving=false to judge by the minimums alone.",
        )
    told = (
        f"Against version {info.incumbent_version}, which serves now, the "
        f"{_spoken(comparison.metric)} is {comparison.candidate:.3f} instead of "
        f"{comparison.incumbent:.3f}: a change of {comparison.difference:+.3f} "
        f"({100 * comparison.confidence:g} % interval {comparison.low:+.3f} to "
        f"{comparison.high:+.3f})"
    )
    if comparison.difference < -comparison.tolerance:
        return Finding("hold", f"{told}; at most {comparison.tolerance:.3f} may be lost.")
    if comparison.low < -comparison.tolerance:
        return Finding(
            "insufficient",
            f"{told}; a loss of more than {comparison.tolerance:.3f} cannot be ruled out. About "
            f"{_pictures_needed(comparison, info.pictures)} test pictures would settle it.",
        )
    return Finding("deploy", f"{told}; it is not worse by more than {comparison.tolerance:.3f}.")


def _why_alone(info: EvaluationInfo) -> str:
    if not info.incumbent_version:
        return "No version serves yet; only the minimums count."
    return (
        f"The comparison with version {info.incumbent_version}, which serves now, is switched off; "
        "only the minimums count."
    )


def _pictures_needed(comparison: Comparison, pictures: int) -> str:
    """Estimate by the interval's shrinking with the square root of the number of pictures."""
    margin = comparison.difference + comparison.tolerance
    if margin <= 0:
        return "many more"
    needed = pictures * ((comparison.difference - comparison.low) / margin) ** 2
    if needed > 100 * pictures:
        return f"more than {100 * pictures}"
    return str(math.ceil(needed))


def _spoken(metric: str) -> str:
    return _SPOKEN.get(metric, metric.replace("_", " "))
