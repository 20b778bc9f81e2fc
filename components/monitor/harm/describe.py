"""Describe a window by what the correction looks at: every estimator, and how far things moved."""

from dataclasses import dataclass

import numpy as np

from components.common import plugins
from components.monitor.harm.evidence import Evidence, Floats
from components.monitor.harm.shift import Ruler, Shift

ESTIMATORS = "components.monitor.harm.estimators"
_MOVED = ("statistics", "embedding", "spread")


@dataclass(frozen=True)
class Description:
    """What is known of a window without its labels.

    estimates: loss in points by estimator, NaN where it cannot say.
    """

    estimates: dict[str, float]
    shift: Shift

    def vector(self) -> Floats:
        """Return float64 [len(inputs())], NaN where unknown.

        Beside the estimates: the gap between blind and merely moved decisions, times how far
        statistics, embeddings and the spread of the scores have moved.
        """
        gap = self.estimates.get("chance", 0.0) - self.estimates.get("decisions", 0.0)
        moved = [gap * getattr(self.shift, name) for name in _MOVED]
        return np.array([*(self.estimates[name] for name in sorted(self.estimates)), *moved])


def inputs() -> tuple[str, ...]:
    """Return the names of a description's values, in order."""
    return (*plugins.names(ESTIMATORS), *(f"gap_times_{name}" for name in _MOVED))


def describe(window: Evidence, ruler: Ruler) -> Description:
    """Ask every estimator about a window and measure how far it moved.

    Args:
        window: as observed, at least one picture; the ruler reduces its embeddings.
        ruler: of the reference, all of it labelled.
    """
    seen = ruler.reduce(window)
    estimates = {
        name: float(plugins.load(ESTIMATORS, name).loss_points(seen, ruler.reference))
        for name in plugins.names(ESTIMATORS)
    }
    return Description(estimates, ruler.measure(seen))
