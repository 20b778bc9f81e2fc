"""From embeddings to advice: which classes gain from more pictures, and how much."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from components.common.artifacts.judging.figures import Advice, Forecast, LearningPoint
from components.common.statistics.weighted import Floats, Integers
from components.evaluate.advisor.curve import SHARES, Curve, learning_curve
from components.evaluate.advisor.forecast import Expected, forecast, gains, measured
from components.evaluate.advisor.sentences import sentences

# Less than a point is not worth the labelling.
SATURATED_BELOW = 0.01
# Half as many again, but at least so many: fewer would change little of anything.
_LEAST_ADDED = 40


def advise(
    features: npt.NDArray[np.float32],
    labels: Integers,
    groups: npt.NDArray[np.str_],
    *,
    classes: Sequence[str],
    seed: int,
) -> Advice | None:
    """Return the learning curves, what they promise, and that in sentences.

    Args:
        features: float [N, D], of a network that was not fitted to these pictures.
        labels: int [N], positions of the classes.
        groups: [N], pictures of one name are held out together.
        classes: their names.
        seed: of folds and shares.

    Returns:
        None where a class has no pictures in two groups, or the features are not finite.
    """
    if not len(features) or not np.isfinite(features).all():
        return None
    curve = learning_curve(features, labels, groups, classes=len(classes), seed=seed)
    if curve is None:
        return None
    forecasts = _forecasts(curve, classes)
    return Advice(
        curve=tuple(_points(curve, classes)),
        forecasts=forecasts,
        sentences=sentences(forecasts),
    )


def added(pictures: int) -> int:
    """Return how many more pictures of a class are spoken of, to two digits; at most as many again.

    >>> [added(count) for count in (7, 20, 60, 817)]
    [7, 20, 40, 410]
    """
    wanted = min(pictures, max(_LEAST_ADDED, pictures / 2))
    return int(float(f"{wanted:.2g}"))


def _forecasts(curve: Curve, classes: Sequence[str]) -> tuple[Forecast, ...]:
    counts = np.bincount(curve.labels, minlength=len(classes))
    more = [added(int(count)) for count in counts]
    now, then = _with_all(counts), _with_all(counts + more)
    found = zip(
        [*classes, ""], now, then, forecast(curve, then), gains(curve, now, then), strict=True
    )
    return tuple(_forecast(*each) for each in found)


def _forecast(name: str, now: float, then: float, value: Expected, gain: Expected) -> Forecast:
    return Forecast(
        name=name,
        pictures=int(now),
        added=int(then - now),
        value=value.value,
        low=value.low,
        high=value.high,
        gain=gain.value,
        gain_low=gain.low,
        gain_high=gain.high,
        saturated=gain.value < SATURATED_BELOW,
    )


def _points(curve: Curve, classes: Sequence[str]) -> list[LearningPoint]:
    points = []
    for share in range(len(SHARES)):
        sizes = np.append(curve.sizes[share], curve.sizes[share].sum())
        for name, pictures, found in zip(
            [*classes, ""], sizes, measured(curve, share), strict=True
        ):
            points.append(LearningPoint(name=name, pictures=round(pictures), **vars(found)))
    return points


def _with_all(counts: Integers) -> Floats:
    return np.append(counts, counts.sum()).astype(np.float64)
