"""What a dashboard shows of an evaluation: figures, confusion matrix, ROC curve, page."""

import numpy as np

from components.common.artifacts.judging.evaluation import Evaluation, scored
from components.common.report.shown import Classification, Shown
from components.common.statistics.figures import Scored, confusion_counts

_MOST_POINTS = 200  # of a curve; a dashboard keeps them in a row of its database


def shown(evaluation: Evaluation) -> Shown:
    """Return the report, each metric with `<name>_low` and `<name>_high`, and the confusions."""
    info = evaluation.info
    figures = {}
    for metric in info.metrics:
        figures[metric.name] = metric.value
        figures[f"{metric.name}_low"] = metric.low
        figures[f"{metric.name}_high"] = metric.high
    answers = scored(evaluation.predictions(), info.classes, info.positive)
    counts = confusion_counts(answers)
    classification = Classification(
        classes=info.classes,
        confusion=tuple(tuple(int(count) for count in row) for row in counts),
        roc=roc_points(answers),
    )
    return Shown(page=evaluation.report_path, figures=figures, classification=classification)


def roc_points(answers: Scored) -> tuple[tuple[float, float, float], ...]:
    """Return false-alarm rate, share found and threshold, at most 200 points.

    Of the positive class; with three or more classes every picture counts once for each class
    (scikit-learn's micro average). All values are finite, as a dashboard's JSON knows no infinity:
    the first threshold, which nothing reaches, is 1. () where no curve is defined.
    """
    from sklearn.metrics import roc_curve

    truth = np.eye(answers.probabilities.shape[1], dtype=bool)[answers.targets]
    columns = list(answers.averaged_classes)
    truth, scores = truth[:, columns].ravel(), answers.probabilities[:, columns].ravel()
    if truth.all() or not truth.any() or not np.isfinite(scores).all():
        return ()
    false_alarms, found, thresholds = roc_curve(truth, scores)
    kept = np.unique(np.linspace(0, len(thresholds) - 1, _MOST_POINTS).round().astype(int))
    points = zip(false_alarms[kept], found[kept], np.minimum(thresholds[kept], 1.0), strict=True)
    return tuple((float(x), float(y), float(threshold)) for x, y, threshold in points)
