"""How far pictures lie from their nearest in the reference: new looks, one by one.

The distance to the k-th neighbour among embeddings (Sun et al., "Out-of-Distribution Detection
with Deep Nearest Neighbors", 2022), as the share of pictures beyond what 95 % of the reference's
own pictures keep.
"""

import numpy as np

from components.monitor.detect.contract import Channel, Design, Statistic
from components.monitor.observe.observations import Observations
from components.monitor.observe.scaling import Components, Table

CHANNEL: Channel = "features"
NEEDS_LABELS = False
_COMPONENTS = 32
_NEIGHBOUR = 5


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Measure how far the reference's own pictures lie from each other."""
    from scipy.spatial import cKDTree

    del design, rng
    components = Components.of(reference.features, count=_COMPONENTS)
    known = components.apply(reference.features)
    tree = cKDTree(known)

    def reach(values: Table, *, own: bool) -> Table:
        # A picture of the reference finds itself first.
        wanted = min(_NEIGHBOUR + own, len(known))
        distances, _ = tree.query(values, k=[wanted])
        found: Table = distances[:, 0]
        return found

    usual = np.sort(reach(known, own=True))
    limit = np.quantile(usual, 0.95)
    spread = float(np.std(usual)) or 1.0

    def statistic(window: Observations) -> float:
        distances = reach(components.apply(window.features), own=False)
        # A soft step: a hard one takes too few values to set a threshold by.
        return float(np.mean(1 / (1 + np.exp(-(distances - limit) / (0.25 * spread)))))

    return statistic
