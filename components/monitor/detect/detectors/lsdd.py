"""Least-squares density difference between embeddings: the integral of (p - q)².

Sugiyama et al., "Density-Difference Estimation", 2013: p - q is modelled by Gaussians around
pictures of the reference, solved in closed form.
"""

import numpy as np

from components.monitor.detect.contract import Channel, Design, Statistic
from components.monitor.detect.detectors._distances import median_distance, sample
from components.monitor.observe.observations import Observations
from components.monitor.observe.scaling import Components, Table

CHANNEL: Channel = "features"
NEEDS_LABELS = False
# A density in many dimensions is not to be had from a few hundred pictures.
_COMPONENTS = 8
_CENTRES = 100
_RIDGE = 0.1


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Place the Gaussians and solve for their weights."""
    from scipy.spatial.distance import cdist

    del design
    components = Components.of(reference.features, count=_COMPONENTS)
    known = components.apply(reference.features)
    width = median_distance(known, rng)
    centres = sample(known, rng, count=_CENTRES)
    # The integral of two Gaussians' product, up to a constant factor.
    overlap = np.exp(-(cdist(centres, centres) ** 2) / (4 * width**2))
    solver = np.linalg.inv(overlap + _RIDGE * np.eye(len(centres)))

    def heights(values: Table) -> Table:
        near: Table = np.exp(-(cdist(values, centres) ** 2) / (2 * width**2)).mean(axis=0)
        return near

    usual = heights(known)

    def statistic(window: Observations) -> float:
        difference = heights(components.apply(window.features)) - usual
        weights = solver @ difference
        return float(2 * weights @ difference - weights @ overlap @ weights)

    return statistic
