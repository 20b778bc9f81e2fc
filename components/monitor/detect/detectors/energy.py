"""Energy distance between embeddings: 2 E|X - Y| - E|X - X'| - E|Y - Y'|.

Székely and Rizzo, "Energy statistics", 2013.
"""

import numpy as np

from components.monitor.detect.contract import Channel, Design, Statistic
from components.monitor.detect.detectors._distances import sample
from components.monitor.observe.observations import Observations
from components.monitor.observe.scaling import Components

CHANNEL: Channel = "features"
NEEDS_LABELS = False
_COMPONENTS = 32


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Keep a sample of the reference and its own mean distance."""
    from scipy.spatial.distance import cdist

    del design
    components = Components.of(reference.features, count=_COMPONENTS)
    known = sample(components.apply(reference.features), rng)
    own = float(cdist(known, known).mean())

    def statistic(window: Observations) -> float:
        seen = components.apply(window.features)
        return float(2 * cdist(seen, known).mean() - own - cdist(seen, seen).mean())

    return statistic
