"""Grey levels and their Laplacian: what brightness, contrast and sharpness are measured on."""

import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.float32]

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


def to_grey(pixels: npt.NDArray[np.uint8] | Grey) -> Grey:
    """Return the grey levels, float32 [H, W], of a picture [H, W, C] in [0, 255], C = 1 or 3."""
    if pixels.shape[-1] == 1:
        return pixels[..., 0].astype(np.float32, copy=False)
    luma: Grey = pixels.astype(np.float32, copy=False) @ _LUMA
    return luma


def laplacian(grey: Grey) -> Grey:
    """Return the 4-neighbour Laplacian inside the border, in grey levels.

    Args:
        grey: float32 [H, W].

    Returns:
        float32 [H - 2, W - 2]; one 0 for pictures smaller than 3 x 3.
    """
    if min(grey.shape) < 3:
        return np.zeros((1, 1), dtype=np.float32)
    result = grey[:-2, 1:-1] + grey[2:, 1:-1]
    result += grey[1:-1, :-2]
    result += grey[1:-1, 2:]
    result -= 4.0 * grey[1:-1, 1:-1]
    return result
