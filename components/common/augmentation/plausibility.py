"""Do changed copies still look like what the camera produces? Asked of a picture's facts.

The originals' range of a fact is where the middle 98 % of them lie, widened on either side by half
its width, or by a small amount that no eye sees. A view with a fact outside of it is implausible.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from components.common.artifacts.augmentation import Plausibility
from components.common.augmentation.composition import Applied, Composition
from components.common.pictures.decode import Pixels
from components.common.pictures.statistics import STATISTICS, measure

# A policy that takes more of its views out of the range than this is warned of.
MOST_OUTSIDE = 0.1
TOLERANCE = 0.5
_QUANTILES = (0.01, 0.99)
# Facts that hardly vary still have some room: grey levels, shares, degrees, by their units.
_LEAST = {"clipped": 0.01, "row_centre": 0.01, "column_centre": 0.01, "tilt": 1.0}
_LEAST_GREY_LEVELS = 2.0

Facts = npt.NDArray[np.float32]


def ranges(originals: Facts) -> tuple[Facts, Facts]:
    """Return the lowest and highest plausible value of each fact, float32 [facts] both.

    Args:
        originals: float32 [N, facts] as `statistics.measure` gives them.
    """
    low, high = np.quantile(originals, _QUANTILES, axis=0)
    least = np.array([_LEAST.get(name, _LEAST_GREY_LEVELS) for name in STATISTICS])
    room = np.maximum(TOLERANCE * (high - low), least)
    return (low - room).astype(np.float32), (high + room).astype(np.float32)


def plausibility(
    pictures: Sequence[tuple[str, Pixels]], composition: Composition
) -> tuple[Plausibility, ...]:
    """Return how far each policy by itself takes pictures from what the camera produces.

    Args:
        pictures: digest and pixels of originals, uint8 [S, S, C].
        composition: whose policies are asked, one view of each picture.
    """
    low, high = ranges(np.stack([measure(pixels) for _, pixels in pictures]))
    found = []
    for one in composition.applied:
        views = _views(pictures, one, seed=composition.seed)
        facts = np.stack([measure(view) for view in views])
        out = (facts < low) | (facts > high)
        often = out.mean(axis=0)
        worst = STATISTICS[int(often.argmax())] if out.any() else ""
        share = float(out.any(axis=1).mean())
        found.append(Plausibility(policy=one.name, outside=share, fact=worst))
    return tuple(found)


def _views(pictures: Sequence[tuple[str, Pixels]], one: Applied, *, seed: int) -> list[Pixels]:
    alone = Composition((one,), seed)
    # Numbers in turn, so that policies which go by the number show all that they do.
    return [
        alone.view(pixels, sha256=sha256, number=1 + place % 3)
        for place, (sha256, pixels) in enumerate(pictures)
    ]
