"""Chance: the loss if the decisions had their present shares but no longer saw the picture.

The worst that a fault can do without being perverse; between this and `decisions` lies the truth
as long as the mix of classes is the old one.
"""

import numpy as np

from components.monitor.harm.estimators.decisions import shares
from components.monitor.harm.evidence import Evidence


def loss_points(window: Evidence, reference: Evidence) -> float:
    """Return the loss of blind decisions in points; see the package."""
    classes = window.scores.shape[1]
    blind = shares(reference.truth, classes) @ shares(window.decided, classes)
    return 100.0 * (float(np.mean(reference.right)) - float(blind))
