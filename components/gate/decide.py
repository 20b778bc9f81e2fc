"""One word on a candidate, with its reasons: deploy, hold or insufficient."""

from dataclasses import replace

import numpy as np
import pandas as pd

from components.common.artifacts.judging.evaluation import (
    Evaluation,
    EvaluationInfo,
    known_classes,
    probabilities,
)
from components.common.artifacts.judging.figures import LitertFigures, Metric
from components.common.artifacts.judging.verdict import (
    ServingComparison,
    ThresholdCheck,
    VerdictInfo,
    Word,
)
from components.common.statistics.figures import LABELS
from components.gate.compare import Rival, Vote, best_of, compare, in_common, kind_of, rivals
from components.gate.config import GateConfig, Threshold
from components.gate.next_steps import with_next_steps
from components.gate.shortages import shortages
from components.gate.tasks import judge_tasks

SAME_MODEL = "The candidate is the version that serves now."
# One missed minimum holds the candidate back, however much else is uncertain.
_GRAVITY: tuple[Word, ...] = ("hold", "insufficient", "deploy")


def decide(evaluation: Evaluation, *, settings: GateConfig) -> VerdictInfo:
    """Judge the candidate by its figures, the version that serves and the best one so far.

    Args:
        evaluation: figures in [0, 1], and predictions with a probability column a class.
        settings: minimums, tolerance, what counts as enough evidence.

    Returns:
        The verdict. "hold" where a minimum is missed, one of these versions is better, or the
        candidate gives the same answer to everything or none at all; "insufficient" where the
        pictures cannot tell, or a figure is not defined on them; "deploy" otherwise.

    Raises:
        DataError: the models were not asked about the same pictures.
    """
    info, predictions = evaluation.info, evaluation.predictions()
    verdict = _judge(evaluation, predictions, settings)
    lacks = shortages(predictions, info, settings, _proven(info))
    return with_next_steps(verdict, evaluation, lacks=lacks)


def _judge(evaluation: Evaluation, predictions: pd.DataFrame, settings: GateConfig) -> VerdictInfo:
    info = evaluation.info
    if info.candidate_sha256 and info.candidate_sha256 == info.incumbent_sha256:
        return _conclude([("hold", SAME_MODEL)], info)
    unfit = (
        _known_before(info)
        or _scarcity(predictions, info, settings, _proven(info))
        or _nonsense(predictions, info)
    )
    if unfit:
        return _conclude(unfit, info)
    measured = {metric.name: metric for metric in info.metrics}
    checks = tuple(
        _check(threshold, measured[threshold.metric])
        for threshold in settings.thresholds
        if threshold.metric in measured
    )
    votes = [_judge_check(check) for check in checks]
    votes += [_unmeasured(one, info) for one in settings.thresholds if one.metric not in measured]
    votes += [_judge_litert(one, settings.litert_margin) for one in info.litert]
    others = rivals(evaluation) if settings.compare_with_serving else ()
    compared = [_against(rival, predictions, info, settings) for rival in others]
    votes += [vote for votes, _ in compared for vote in votes] or [("deploy", _why_alone(info))]
    comparisons = tuple(comparison for _, comparison in compared if comparison)
    verdict = _conclude(votes, info, checks, comparisons)
    return replace(verdict, best_version=best_of(comparisons, others))


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


def _against(
    rival: Rival, predictions: pd.DataFrame, info: EvaluationInfo, settings: GateConfig
) -> tuple[list[Vote], ServingComparison | None]:
    shared = in_common(rival, predictions)
    known = _proven(info) if rival.answers is None else known_classes(rival.answers, _proven(info))
    if _scarcity(shared, info, settings, known):
        return [_hardly_comparable(rival, shared, predictions, info)], None
    vote, comparison = compare(rival, shared, info, settings)
    return [vote, *judge_tasks(rival, shared, info, settings)], comparison


def _known_before(info: EvaluationInfo) -> list[Vote]:
    """Refuse figures from pictures that the network which training began with had seen."""
    if not info.seen_by_start:
        return []
    return [
        (
            "insufficient",
            f"What training started from has seen {info.seen_by_start} of the {info.pictures} test "
            "pictures, and the others are too few to judge by: keep the splits "
            "(validate.keep_splits=true), leave out train.warm_start, or judge by "
            "cross-validation (evaluate.evidence=cross_validation).",
        )
    ]


def _proven(info: EvaluationInfo) -> tuple[str, ...]:
    """Return the classes that pictures show; of the others there is nothing to count."""
    return tuple(name for name in info.classes if name not in info.unproven)


def _scarcity(
    predictions: pd.DataFrame,
    info: EvaluationInfo,
    settings: GateConfig,
    classes: tuple[str, ...],
) -> list[Vote]:
    gone = f" {info.unseen} more were left out, since a compared model has seen them." * bool(
        info.unseen
    )
    return [
        (
            "insufficient",
            f"There are {one.there} {one.of}; a verdict needs at least {one.needed}: add "
            f"some.{gone}",
        )
        for one in shortages(predictions, info, settings, classes)
    ]


def _hardly_comparable(
    rival: Rival, shared: pd.DataFrame, predictions: pd.DataFrame, info: EvaluationInfo
) -> Vote:
    known = info.classes if rival.answers is None else known_classes(rival.answers, info.classes)
    fewer = len(known) < len(info.classes)
    return (
        "insufficient",
        f"{rival.name} was trained on "
        f"{len(predictions) - len(shared)} of the {len(predictions)} {kind_of(info)}"
        f"{', or does not know their class' * fewer}; the other "
        f"{len(shared)} are too few to compare by.",
    )


def _nonsense(predictions: pd.DataFrame, info: EvaluationInfo) -> list[Vote]:
    """Refuse a model whose figures would say nothing, whatever they are."""
    kind = kind_of(info)
    finite = np.isfinite(probabilities(predictions, info.classes).to_numpy(dtype=np.float64))
    broken = int((~finite.all(axis=1)).sum())
    if broken:
        text = f"The answers about {broken} of {len(predictions)} {kind} are no numbers"
        return [("hold", f"{text}: look at the training's curves, lower the learning rate.")]
    said = predictions["predicted"].unique()
    if len(said) == 1:
        text = f"The candidate answers '{info.classes[said[0]]}' for all {len(predictions)} {kind}"
        return [("hold", f"{text}: it has learnt nothing that tells the classes apart.")]
    return []


def _check(threshold: Threshold, metric: Metric) -> ThresholdCheck:
    return ThresholdCheck(
        metric=metric.name,
        at_least=threshold.at_least,
        value=metric.value,
        low=metric.low,
        high=metric.high,
        met=metric.value >= threshold.at_least,
    )


def _unmeasured(threshold: Threshold, info: EvaluationInfo) -> Vote:
    return (
        "insufficient",
        f"The {LABELS[threshold.metric]} could not be computed on these {kind_of(info)}, but a "
        f"minimum of {threshold.at_least:.3f} is required.",
    )


def _judge_check(check: ThresholdCheck) -> Vote:
    outcome = "reached" if check.met else "missed"
    return (
        "deploy" if check.met else "hold",
        f"The {LABELS[check.metric]} is {check.value:.3f} (95 % interval {check.low:.3f} to "
        f"{check.high:.3f}); the minimum of {check.at_least:.3f} is {outcome}.",
    )


def _judge_litert(file: LitertFigures, margin: float) -> Vote:
    """Hold back a model whose file for devices answers noticeably worse than it does itself."""
    own, model = (
        {one.name: one.value for one in found} for found in (file.metrics, file.model_metrics)
    )
    name = "roc_auc" if "roc_auc" in own else "accuracy"
    loss = model[name] - own[name]
    return (
        "hold" if loss > margin else "deploy",
        f"{file.name}.tflite has a {LABELS[name]} of {own[name]:.3f}, the SavedModel "
        f"{model[name]:.3f} on the same {file.pictures} pictures; {margin:.3f} may be lost.",
    )


def _why_alone(info: EvaluationInfo) -> str:
    if not info.incumbent_version:
        return "No version serves yet; only the minimums count."
    return (
        f"The comparison with version {info.incumbent_version}, which serves now, is switched off; "
        "only the minimums count."
    )
