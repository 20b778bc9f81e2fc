"""What every detector is: a file in `detectors/` with CHANNEL and `fit`.

`fit` learns from the reference and returns a function from a window to one number, larger the more
the window differs. It knows no thresholds: `thresholds.py` learns them by giving the function
windows without drift.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np

from components.common import plugins
from components.common.artifacts.monitoring.observations import Channel, Observations
from components.monitor.detect.config import DETECTORS

Statistic = Callable[[Observations], float]


@dataclass(frozen=True)
class Design:
    """How large a window is and of how many groups; `groups == pictures`: independent pictures."""

    pictures: int
    groups: int

    @property
    def independent(self) -> bool:
        """Whether each picture may come from anywhere."""
        return self.groups >= self.pictures


class Detector(Protocol):
    """The module of a detector.

    CHANNEL: what it looks at; it is given only rows where that is finite, never none.
    """

    CHANNEL: Channel

    def fit(
        self, reference: Observations, design: Design, *, rng: np.random.Generator
    ) -> Statistic:
        """Learn what is usual; the statistic of a window is larger the less usual it is."""


def load(name: str) -> Detector:
    """Return a detector by its file name.

    Raises:
        ConfigError: there is none; the message lists those that are there.
    """
    return cast(Detector, plugins.load(DETECTORS, name))
