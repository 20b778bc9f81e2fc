"""Where a model looks: parts of a picture are covered, and the answer watched.

Occlusion (Zeiler and Fergus 2014) needs nothing but answers, so it explains what is served.
"""

import functools
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from components.common.pictures.decode import Pixels

Floats = npt.NDArray[np.float64]

CELLS = 5  # rows and columns of a map
_RIM = 0.2  # of a cell
_MAP_PX = 240
_COLOUR = np.array([224, 62, 26], dtype=np.float32)


def covered(pixels: Pixels) -> list[Pixels]:
    """Return the picture CELLS² times, one cell each covered with its mean colour, row by row."""
    mean = pixels.mean(axis=(0, 1))
    return [mixed(pixels, mean, (cell,)) for cell in range(CELLS**2)]


def mixed(
    pixels: Pixels, other: npt.NDArray[Any], cells: Sequence[int] | npt.NDArray[np.int64]
) -> Pixels:
    """Return uint8 [H, W, C]: the picture with `other` in some cells, fading at their rims.

    Args:
        pixels: uint8 [H, W, C].
        other: a colour [C], or a picture [H, W, C].
        cells: numbers in [0, CELLS²), row by row.
    """
    rows, columns = _ramps(*pixels.shape[:2])
    down, across = np.divmod(np.asarray(cells), CELLS)
    share = (rows[down].T @ columns[across])[..., None]
    result: Pixels = np.rint((1.0 - share) * pixels + share * other).clip(0, 255).astype(np.uint8)
    return result


def heat_map(pixels: Pixels, drops: Floats) -> bytes:
    """Return the picture in grey as PNG, the parts that matter in colour.

    Args:
        pixels: uint8 [H, W, C].
        drops: float [CELLS², ], what covering each cell took from the probability.
    """
    height, width = pixels.shape[:2]
    scale = _MAP_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    grey = Image.fromarray(pixels.mean(axis=2).round().astype(np.uint8)).resize(size)
    matters = np.clip(drops.reshape(CELLS, CELLS), 0.0, None)
    strength = (matters / max(float(matters.max()), 1e-6)).astype(np.float32)
    smooth = Image.fromarray(strength).resize(size, Image.Resampling.BICUBIC)
    share = 0.7 * np.clip(np.asarray(smooth), 0.0, 1.0)[..., None]
    base = np.asarray(grey, dtype=np.float32)[..., None]
    coloured = np.rint((1.0 - share) * base + share * _COLOUR).clip(0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coloured).save(buffer, format="PNG")
    return buffer.getvalue()


@functools.lru_cache(maxsize=2 * CELLS)
def _ramps(height: int, width: int) -> tuple[Floats, Floats]:
    """Return how far each row and each column lies in each of its cells, float [cells, side].

    It fades at the rim, since an edge is a find too. The blur of a rectangle is the product of the
    blurs of its sides.
    """
    from scipy.ndimage import gaussian_filter1d

    sigma_px = _RIM * min(height, width) / CELLS
    rows, columns = (
        gaussian_filter1d(
            (np.arange(side) * CELLS // side == np.arange(CELLS)[:, None]).astype(np.float64),
            sigma_px,
            mode="nearest",
        )
        for side in (height, width)
    )
    return rows, columns
