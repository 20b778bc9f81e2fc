"""Labels ranked by how far the other pictures speak against them (Northcutt et al. 2021).

"Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70; here on probabilities of
pictures left out one by one.
"""

import numpy as np
import pandas as pd

from components.common.artifacts.dataset import Dataset
from components.common.statistics.temperature import fit_temperature, softmax
from components.common.statistics.weighted import Floats, Integers

# A person looks at this share of the labels at most, unless more are suspected.
_LISTED = 0.1


def ranked(dataset: Dataset, labels: Integers, scores: Floats) -> pd.DataFrame:
    """Return the most doubtful labels, the worst first.

    Args:
        dataset: N pictures; paths and class names.
        labels: int [N].
        scores: float [N, C], of each picture by the others, see `LeaveOneOut.scores`.

    Returns:
        Columns `path` (below `pictures/`, as the source names it), `label`, `suggestion`,
        `corrected` (empty, for a person to fill in), `quality` in [0, 1] and `suspected`.
    """
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    logits = scores.astype(np.float32)
    sure = softmax(logits / np.float32(fit_temperature(logits, labels))).astype(np.float64)
    quality = get_label_quality_scores(labels, sure, method="normalized_margin")
    suspected = find_label_issues(labels, sure, filter_by="both", n_jobs=1)
    others = np.where(np.eye(len(dataset.info.classes), dtype=bool)[labels], -np.inf, sure)
    names = np.array(dataset.info.classes, dtype=object)
    table = pd.DataFrame(
        {
            "path": dataset.manifest["path"].str.removeprefix("pictures/"),
            "label": names[labels],
            "suggestion": names[others.argmax(axis=1)],
            "corrected": "",
            "quality": quality.round(4),
            "suspected": suspected,
        }
    )
    order = np.argsort(quality, kind="stable")
    count = max(int(suspected.sum()), round(_LISTED * len(labels)), 1)
    return table.iloc[order[:count]].reset_index(drop=True)
