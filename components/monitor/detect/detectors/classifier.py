"""Classifier two-sample test: how well window and reference can be told apart by embeddings.

Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", 2017: the ROC-AUC of a linear
classifier on pictures it was not fitted to. Weak below a hundred pictures.
"""

import numpy as np

from components.monitor.detect.contract import Channel, Design, Statistic
from components.monitor.detect.detectors._distances import sample
from components.monitor.observe.observations import Observations
from components.monitor.observe.scaling import Components

CHANNEL: Channel = "features"
NEEDS_LABELS = False
_COMPONENTS = 16
_RIDGE = 1.0
_AT_MOST = 500


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Keep two halves of a sample of the reference: to fit with and to test with."""
    del design
    components = Components.of(reference.features, count=_COMPONENTS)
    known = sample(components.apply(reference.features), rng, count=_AT_MOST)
    halves = known[::2], known[1::2]

    def statistic(window: Observations) -> float:
        seen = components.apply(window.features)
        parts = seen[::2], seen[1::2]
        if not min(len(halves[1]), len(parts[1])):
            return 0.0
        areas = [
            _area(_direction(halves[i], parts[i]), halves[1 - i], parts[1 - i]) for i in (0, 1)
        ]
        return float(np.mean(areas))

    return statistic


def _direction(known: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the direction of least squares, both sides weighing the same."""
    middle = (known.mean(axis=0) + seen.mean(axis=0)) / 2
    spread = (_moment(known - middle) + _moment(seen - middle)) / 2
    ridge = _RIDGE * np.eye(len(middle)) * (len(middle) / len(seen))
    gap: np.ndarray = np.linalg.solve(spread + ridge, seen.mean(axis=0) - known.mean(axis=0))
    return gap


def _moment(values: np.ndarray) -> np.ndarray:
    product: np.ndarray = values.T @ values / len(values)
    return product


def _area(direction: np.ndarray, known: np.ndarray, seen: np.ndarray) -> float:
    """Return how often a picture of the window scores above one of the reference."""
    ordered = np.sort(known @ direction)
    scores = seen @ direction
    places = np.searchsorted(ordered, scores, "left") + np.searchsorted(ordered, scores, "right")
    return float(places.mean() / (2 * len(ordered)))
