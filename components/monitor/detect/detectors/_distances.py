"""Distances between pictures in a space of few dimensions."""

import numpy as np

from components.monitor.observe.scaling import Table

_SAMPLE = 500


def sample(values: Table, rng: np.random.Generator, *, count: int = _SAMPLE) -> Table:
    """Return at most `count` rows, chosen at random."""
    return values[rng.permutation(len(values))[:count]]


def median_distance(values: Table, rng: np.random.Generator) -> float:
    """Return the median distance between two pictures; 1 where they are all alike."""
    from scipy.spatial.distance import pdist

    if len(values) < 2 or values.shape[1] == 0:
        return 1.0
    return float(np.median(pdist(sample(values, rng)))) or 1.0
