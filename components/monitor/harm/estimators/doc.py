"""DoC, difference of confidences (Guillory et al. 2021, arXiv:2107.03315, equation 3)."""

from components.monitor.harm.evidence import Evidence


def loss_points(window: Evidence, reference: Evidence) -> float:
    """Return the drop of the mean confidence in points; see the package."""
    return 100.0 * float(reference.confidence.mean() - window.confidence.mean())
