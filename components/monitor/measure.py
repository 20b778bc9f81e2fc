"""Measure: every detector's answer about one window."""

from components.common.artifacts.drift_report import Detection
from components.monitor.detect_config import DetectConfig
from components.monitor.observations import Observations


def measure(
    window: Observations, reference: Observations, *, settings: DetectConfig, seed: int
) -> tuple[Detection, ...]:
    """Return one Detection a detector.

    Args:
        window: what production sent, in order of time.
        reference: what the version was made for.
        settings: which detectors, and the false-alarm rate.
        seed: of permutations and bootstraps.
    """
    raise NotImplementedError
