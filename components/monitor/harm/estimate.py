"""Estimate the loss of accuracy of one window."""

from components.common.artifacts.drift_report import Harm
from components.common.artifacts.reference import Reference
from components.monitor.harm.config import HarmConfig
from components.monitor.observations import Observations


def estimate(
    window: Observations, reference: Reference, *, settings: HarmConfig, seed: int
) -> Harm | None:
    """Return the estimated loss, None when the window is too small to say anything.

    Uses the labels of `window` where an audit gave some (`labels` not "").
    """
    raise NotImplementedError
