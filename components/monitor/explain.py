"""Explain: camera, product or mix, with the most telling pictures."""

from components.common.artifacts.drift_report import Detection, Explanation
from components.monitor.observations import Observations


def explain(
    window: Observations, reference: Observations, detections: tuple[Detection, ...]
) -> Explanation:
    """Return why a window differs from the reference; the family "none" when nothing alarmed."""
    raise NotImplementedError
