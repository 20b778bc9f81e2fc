"""Mirror images: left-right, up-down, both, in turn.

Not for oriented parts: up-down where gravity, text or a connector says which end is up, left-right
where a missing screw on the wrong side is the fault. `policy: auto` measures it.
"""

from dataclasses import dataclass

import numpy as np

from components.common.config import Section
from components.common.pictures.decode import Pixels


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """Which mirrors keep the label's meaning.

    left_right, up_down: both True gives views 1, 2, 3 = left-right, up-down, both, then again
    from the picture as it is.
    """

    left_right: bool = True
    up_down: bool = True


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return mirror image `number` of the picture, uint8 [S, S, C].

    The mirrors come in turn and not by lot, so that few views hold every one of them.
    """
    del rng
    mirrors = [(False, False)]
    mirrors += [(True, False)] if options.left_right else []
    mirrors += [(False, True)] if options.up_down else []
    mirrors += [(True, True)] if options.left_right and options.up_down else []
    across, down = mirrors[number % len(mirrors)]
    mirrored = pixels[:, ::-1] if across else pixels
    mirrored = mirrored[::-1] if down else mirrored
    return mirrored.copy()
