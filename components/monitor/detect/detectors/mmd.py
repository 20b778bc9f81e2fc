"""Maximum mean discrepancy between embeddings, by random Fourier features.

Gretton et al., "A Kernel Two-Sample Test", 2012, with the Gaussian kernel at the median distance;
its features after Rahimi and Recht, "Random Features for Large-Scale Kernel Machines", 2007.
"""

import numpy as np

from components.monitor.detect.contract import Channel, Design, Statistic
from components.monitor.detect.detectors._distances import median_distance
from components.monitor.observe.observations import Observations
from components.monitor.observe.scaling import Components, Table

CHANNEL: Channel = "features"
NEEDS_LABELS = False
_COMPONENTS = 32
_WAVES = 512


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Draw the waves and average them over the reference."""
    del design
    components = Components.of(reference.features, count=_COMPONENTS)
    known = components.apply(reference.features)
    waves = rng.standard_normal((known.shape[1], _WAVES)) / median_distance(known, rng)
    phases = rng.uniform(0, 2 * np.pi, _WAVES)

    def mean_map(values: Table) -> Table:
        mapped: Table = np.sqrt(2 / _WAVES) * np.cos(values @ waves + phases).mean(axis=0)
        return mapped

    usual = mean_map(known)
    return lambda window: float(np.sum((mean_map(components.apply(window.features)) - usual) ** 2))
