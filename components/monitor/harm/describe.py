"""Describe a window by what the correction looks at: every estimator, and how far things moved."""

from components.common import plugins
from components.monitor.harm.evidence import Evidence
from components.monitor.harm.shift import MOVED, Ruler

ESTIMATORS = "components.monitor.harm.estimators"


def inputs() -> tuple[str, ...]:
    """Return the names of a description's values, in order."""
    return (*plugins.names(ESTIMATORS), *(f"gap_times_{name}" for name in MOVED))


def describe(window: Evidence, ruler: Ruler) -> dict[str, float]:
    """Return what is known of a window without its labels, by the names of `inputs`.

    Beside the loss in points by estimator: the gap between blind and merely moved decisions, times
    how far statistics, embeddings and the spread of the scores have moved.

    Args:
        window: as observed, at least one picture; the ruler reduces its embeddings.
        ruler: of the reference, all of it labelled.

    Returns:
        A value for each input, NaN where an estimator cannot say.
    """
    seen = ruler.reduce(window)
    found = {
        name: float(plugins.load(ESTIMATORS, name).loss_points(seen, ruler.reference))
        for name in plugins.names(ESTIMATORS)
    }
    gap = found["chance"] - found["decisions"]
    return found | {f"gap_times_{name}": gap * far for name, far in ruler.measure(seen).items()}
