"""ATC, average thresholded confidence (Garg et al. 2022, arXiv:2201.04234, equations 2 and 3).

A threshold on the negative entropy is set so that as many reference pictures lie below it as were
wrong; the share of the window below it is its predicted error.
"""

import numpy as np

from components.monitor.harm.evidence import Evidence, Floats


def loss_points(window: Evidence, reference: Evidence) -> float:
    """Return the predicted loss in points; see the package."""
    threshold = np.quantile(certainty(reference.scores), 1.0 - reference.accuracy)
    before = float((certainty(reference.scores) < threshold).mean())
    return 100.0 * (float((certainty(window.scores) < threshold).mean()) - before)


def certainty(scores: Floats) -> Floats:
    """Return the negative entropy, float64 [N], in nats; 0 is certain."""
    safe = np.clip(scores, 1e-12, 1.0)
    return np.asarray((safe * np.log(safe)).sum(axis=1), dtype=np.float64)
