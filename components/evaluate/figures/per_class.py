"""Each class against the rest, with intervals."""

from collections.abc import Sequence

import numpy as np

from components.common.artifacts.judging.figures import ClassFigures
from components.common.statistics.clusters import count_clusters
from components.common.statistics.figures import Scored
from components.common.statistics.intervals import class_estimates

REPORTED = ("precision", "recall", "f1", "roc_auc")


def per_class(
    answers: Scored, classes: Sequence[str], groups: Sequence[str]
) -> tuple[ClassFigures, ...]:
    """Return precision, recall, F1 and ROC-AUC of every class, in class order.

    They are scikit-learn's with `average=None`. What is not defined is left out: all four of a
    class without a picture, ROC-AUC of one without others beside it.

    Args:
        answers: N >= 1 pictures.
        classes: their C names.
        groups: N names; pictures of one name count as one piece of evidence.
    """
    names = np.asarray(groups, dtype=np.str_)
    found = []
    measured = class_estimates(REPORTED, answers, groups)
    for position, (name, estimates) in enumerate(zip(classes, measured, strict=True)):
        mine = answers.targets == position
        found.append(
            ClassFigures(
                name=name,
                pictures=int(mine.sum()),
                groups=count_clusters(names[mine].tolist()) if mine.any() else 0,
                metrics=estimates,
            )
        )
    return tuple(found)
