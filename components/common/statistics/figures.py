"""One figure for how good answers are, the larger the better: what rankings are made by."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Quality = Literal["roc_auc", "balanced_accuracy", "accuracy"]

LABELS: dict[Quality, str] = {
    "roc_auc": "ROC-AUC",
    "balanced_accuracy": "balanced accuracy",
    "accuracy": "accuracy",
}


def measure(
    metric: Quality,
    labels: npt.NDArray[np.int64],
    probabilities: npt.NDArray[Any],
    weights: npt.NDArray[Any] | None = None,
) -> float:
    """Return the figure, in [0, 1]; NaN where it is not defined (one class only).

    Args:
        metric: "roc_auc" (macro one-against-the-rest with three or more classes),
            "balanced_accuracy" or "accuracy".
        labels: int [N], position of the true class.
        probabilities: float [N, classes]; any scores that rank a class's pictures will do.
        weights: float [N], how often each picture counts; once without.
    """
    counted = np.ones(len(labels)) if weights is None else np.asarray(weights, dtype=np.float64)
    if metric == "roc_auc":
        return _roc_auc(labels, probabilities, counted)
    right = (probabilities.argmax(axis=1) == labels).astype(np.float64)
    if metric == "balanced_accuracy":
        present = [labels == name for name in np.unique(labels[counted > 0])]
        return float(np.mean([np.average(right[rows], weights=counted[rows]) for rows in present]))
    return float(np.average(right, weights=counted))


def _roc_auc(
    labels: npt.NDArray[np.int64], probabilities: npt.NDArray[Any], weights: npt.NDArray[Any]
) -> float:
    from sklearn.metrics import roc_auc_score

    used = weights > 0
    kept, scores, counted = labels[used], probabilities[used], weights[used]
    # With two classes both sides give the same number.
    columns = range(1, 2) if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    values = [
        float(roc_auc_score(kept == column, scores[:, column], sample_weight=counted))
        for column in columns
        if 0 < (kept == column).sum() < len(kept)
    ]
    return float(np.mean(values)) if values else float("nan")
