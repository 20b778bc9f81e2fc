"""Chance: the loss if the decisions had their present shares but no longer saw the picture.

The worst that a fault can do without being perverse; between this and `decisions` lies the truth
as long as the mix of classes is the old one.
"""

import numpy as np

from components.monitor.harm.estimators.decisions import shares
from components.monitor.harm.evidence import Evidence


def loss_points(window: Evidence, reference: Evidence, *, seed: int) -> float:
    """Return the loss of blind decisions in points; see the package."""
    del seed
    known = reference.take(reference.labelled)
    if not len(known) or not len(window):
        return float("nan")
    classes = window.scores.shape[1]
    blind = shares(known.truth, classes) @ shares(window.decided, classes)
    return 100.0 * (float(np.mean(known.right)) - float(blind))
