"""Cheap numbers that tell what the camera did to a picture, the same in gateway and monitor.

They are taken on the picture at a fixed size, so that one threshold fits all cameras and a picture
costs about a millisecond.
"""

import numpy as np
import numpy.typing as npt

from components.common.pictures.decode import Pixels, to_image
from components.common.pictures.grey import laplacian, to_grey

STATISTICS = (
    "mean",  # brightness, in [0, 255]
    "deviation",  # contrast: standard deviation of the brightness
    "dark",  # 5 % quantile of the brightness
    "bright",  # 95 % quantile of the brightness
    "sharpness",  # mean |Laplacian|: falls with blur, rises with noise
    "grain",  # median |Laplacian|: noise, which lies everywhere while edges lie in few places
    "clipped",  # share of pixels at 0 or 255
    "warmth",  # mean red minus mean blue; 0 for greyscale
    "saturation",  # mean of (largest - smallest channel); 0 for greyscale
    "row_centre",  # centre of brightness, -0.5 (top) to 0.5 (bottom)
    "column_centre",  # centre of brightness, -0.5 (left) to 0.5 (right)
    "border",  # mean brightness of the outer tenth minus that of the rest
    "tilt",  # degrees, -45 to 45, from level or upright; more than true for thin lines
)
# Records written before one of these was measured hold no value for it.
ADDED_LATER = ("tilt",)
_SIDE_PX = 256


def measure(pixels: Pixels) -> npt.NDArray[np.float32]:
    """Return the STATISTICS of one picture.

    Args:
        pixels: uint8 [H, W, C], C = 1 or 3, as `pictures.decode` gives it.

    Returns:
        float32 [len(STATISTICS)], all finite.
    """
    small = _at_fixed_size(pixels)
    grey = to_grey(small)
    texture = np.abs(laplacian(grey))
    # Without colour all are whole numbers.
    quantiles = _counted_quantiles if small.shape[-1] == 1 else np.quantile
    values = (
        grey.mean(),
        grey.std(),
        *quantiles(grey, (0.05, 0.95)),
        texture.mean(),
        *quantiles(texture, (0.5,)),
        np.mean((grey <= 0) | (grey >= 255)),
        *_colour(small),
        *_place(grey),
        _tilt_deg(grey),
    )
    return np.array(values, dtype=np.float32)


def _counted_quantiles(
    values: npt.NDArray[np.float32], shares: tuple[float, ...]
) -> npt.NDArray[np.float64]:
    """Return what `np.quantile` does, of whole numbers from 0: counted, in a third of the time."""
    counted = np.cumsum(np.bincount(values.ravel().astype(np.intp)))
    places = np.asarray(shares) * (values.size - 1)
    below, above = (np.searchsorted(counted, f(places), side="right") for f in (np.floor, np.ceil))
    found: npt.NDArray[np.float64] = below + (above - below) * (places % 1)
    return found


def _at_fixed_size(pixels: Pixels) -> npt.NDArray[np.float32]:
    from PIL import Image

    if max(pixels.shape[:2]) <= _SIDE_PX:
        return pixels.astype(np.float32)
    scale = _SIDE_PX / max(pixels.shape[:2])
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    small = np.asarray(to_image(pixels).resize(size, Image.Resampling.BOX), dtype=np.float32)
    return small if small.ndim == 3 else small[..., None]


def _colour(pixels: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Return warmth and saturation."""
    if pixels.shape[-1] == 1:
        return 0.0, 0.0
    means = pixels.mean(axis=(0, 1))
    spread = pixels.max(axis=-1) - pixels.min(axis=-1)
    return float(means[0] - means[2]), float(spread.mean())


def _place(grey: npt.NDArray[np.float32]) -> tuple[float, float, float]:
    """Return the row's and the column's centre, and the border's difference."""
    total = float(grey.sum())
    height, width = (max(1, side // 10) for side in grey.shape)
    inside = grey[height:-height, width:-width]
    around = (total - float(inside.sum())) / max(1, grey.size - inside.size)
    difference = around - float(inside.mean()) if inside.size else 0.0
    if total <= 0:
        return 0.0, 0.0, difference
    rows = (np.arange(grey.shape[0]) + 0.5) / grey.shape[0] - 0.5
    columns = (np.arange(grey.shape[1]) + 0.5) / grey.shape[1] - 0.5
    row, column = grey.sum(axis=1) @ rows / total, grey.sum(axis=0) @ columns / total
    return float(row), float(column), difference


def _tilt_deg(grey: npt.NDArray[np.float32]) -> float:
    """Return the mean direction of edges modulo a right angle, strong ones weighing more.

    Gradients as complex numbers: the fourth power maps directions a right angle apart onto one
    (Bigün and Granlund, "Optimal Orientation Detection of Linear Symmetry", 1987, for two
    orientations). Taken at half the resolution, where noise is half as strong.
    """
    rows, columns = grey.shape[0] // 2 * 2, grey.shape[1] // 2 * 2
    if min(rows, columns) < 6:
        return 0.0
    even, odd = grey[:rows:2], grey[1:rows:2]
    half = (even + odd)[:, :columns:2] + (even + odd)[:, 1:columns:2]
    across = half[1:-1:2, 2::2] - half[1:-1:2, :-2:2]
    along = half[2::2, 1:-1:2] - half[:-2:2, 1:-1:2]
    real, imaginary = across**2 - along**2, 2 * across * along
    length = np.sqrt(real**2 + imaginary**2) + 1e-6
    cosine = ((real**2 - imaginary**2) / length).sum()
    sine = (2 * real * imaginary / length).sum()
    if cosine == 0 and sine == 0:
        return 0.0
    return float(np.degrees(np.arctan2(sine, cosine)) / 4)
