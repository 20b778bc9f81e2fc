"""Miniatures, small grey pictures, and their spectra: what near copies are compared by.

Spectra are taken about the picture's centre, where a turned or mirrored picture's spectrum is
another order of the same numbers, and under a window, so that the border has no say.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.fft
from PIL import Image

from components.common.pictures.decode import Pixels, to_image

SIDE_PX = 64
# Waves of 4 px of the small picture and longer: what JPEG at quality 75 leaves as it is.
BAND = 16
_LEAST_DEVIATION = 1.0

Complex = npt.NDArray[np.complex64]
Floats = npt.NDArray[np.float32]

_FREQUENCIES = np.arange(-BAND, BAND + 1)
_MIDDLE_PX = (SIDE_PX - 1) / 2
_PLACES_PX = np.arange(SIDE_PX) - _MIDDLE_PX


def miniature(pixels: Pixels) -> Pixels:
    """Return the grey picture squeezed into a small square, from black to white.

    Args:
        pixels: uint8 [H, W, C] in [0, 255], C = 1 or 3.

    Returns:
        uint8 [SIDE_PX, SIDE_PX], all 0 for a picture that is flat but for rounding.
    """
    grey = to_image(pixels).convert("F")
    small = np.asarray(grey.resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR))
    if small.std() < _LEAST_DEVIATION:
        return np.zeros(small.shape, dtype=np.uint8)
    # In grey levels of the picture a dark one would be mostly rounding.
    stretched: Pixels = np.rint((small - small.min()) * (255 / np.ptp(small))).astype(np.uint8)
    return stretched


def shifters(shifts_px: npt.NDArray[Any]) -> Complex:
    """Return what moves a spectrum by each shift, complex64 [..., 2 BAND + 1]."""
    turns = np.exp(2j * np.pi / SIDE_PX * shifts_px[..., None] * _FREQUENCIES)
    return turns.astype(np.complex64)


_CENTRED = np.outer(*[shifters(np.asarray(_MIDDLE_PX))] * 2)


def spectra(miniatures: Pixels, shifts_px: Floats | None = None) -> Complex:
    """Return the spectra of pictures without their mean.

    Args:
        miniatures: uint8 [N, SIDE_PX, SIDE_PX].
        shifts_px: float32 [N, 2], where the window's centre lies, rows and columns.

    Returns:
        complex64 [N, 2 BAND + 1, 2 BAND + 1], frequency 0 in the middle.
    """
    if shifts_px is None:
        shifts_px = np.zeros((1, 2), dtype=np.float32)
    window = _window(shifts_px[:, 0])[:, :, None] * _window(shifts_px[:, 1])[:, None, :]
    grey = miniatures.astype(np.float32)
    grey -= (grey * window).sum(axis=(1, 2), keepdims=True) / window.sum(axis=(1, 2), keepdims=True)
    band = scipy.fft.fft2(grey * window)[:, _FREQUENCIES[:, None], _FREQUENCIES]
    return np.asarray(band * _CENTRED, dtype=np.complex64)


def _window(centres_px: Floats) -> Floats:
    """Return squared cosines, float32 [N, SIDE_PX], 0 outside the picture."""
    away = np.abs(_PLACES_PX - centres_px[:, None])
    inside = np.cos(np.pi / SIDE_PX * np.minimum(away, SIDE_PX / 2)) ** 2
    return np.asarray(inside, dtype=np.float32)


def orientations(found: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return pictures or their spectra turned and mirrored: of [N, S, S], [8, N, S, S]."""
    both = (found, found.swapaxes(1, 2))
    return np.stack([one[:, ::up, ::left] for one in both for up in (1, -1) for left in (1, -1)])
