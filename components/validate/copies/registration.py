"""How far two pictures differ, once one is laid onto the other: turned, mirrored and shifted.

One minus the largest cross-correlation over the eight orientations and over shifts of up to a
sixteenth of the side; brightness and contrast cancel. The correlation of the spectra under the
window finds the place. There the window is moved along, so that it shows the same part of both
pictures, and the correlation is taken again.
"""

import concurrent.futures

import numpy as np
import numpy.typing as npt

from components.common import progress
from components.common.pictures.decode import Pixels
from components.validate.copies.spectra import (
    BAND,
    SIDE_PX,
    Complex,
    Floats,
    orientations,
    shifters,
    spectra,
)

_COARSE_PX = np.linspace(-4, 4, 17, dtype=np.float32)
_FINE_PX = np.linspace(-2 / 3, 2 / 3, 17, dtype=np.float32)
# Of nearly symmetric pictures the right orientation is not always the first.
_TURNS = 2
# The left half of a real picture's spectrum adds the same as the right one.
_HALVES = np.where(np.arange(BAND + 1), 2, 1).astype(np.float32)
_CHUNK = 64
# Of a miniature's 256 levels, and of its pixels.
_WHITE = 250
_LEAST_WHITE = 0.01


def differences(miniatures: Pixels, pairs: npt.NDArray[np.int64]) -> Floats:
    """Return float32 [pairs], 0 for copies to about 1 for unrelated pictures.

    Args:
        miniatures: uint8 [N, SIDE_PX, SIDE_PX].
        pairs: int64 [pairs, 2], rows of `miniatures`.

    Returns:
        1 where a picture is flat, which says nothing.
    """
    if not len(pairs):
        return np.empty(0, dtype=np.float32)
    parts = np.array_split(pairs, max(1, len(pairs) // _CHUNK))
    with concurrent.futures.ThreadPoolExecutor(progress.worker_count()) as pool:
        found = pool.map(lambda part: _differences(*miniatures[part.T]), parts)
        tracked = progress.track(found, "comparing pictures for near copies", total=len(parts))
        return np.concatenate(list(tracked))


def _differences(ones: Pixels, others: Pixels) -> Floats:
    ones, others = _equally_white(ones, others)
    first, turned = _weighed(spectra(ones)), orientations(_weighed(spectra(others)))
    heights = _heights(first, turned, _COARSE_PX)
    by_turn = heights.reshape(8, len(ones), -1)
    places = np.stack(np.unravel_index(by_turn.argmax(axis=2), heights.shape[2:]), axis=2)
    likely = by_turn.max(axis=2).argsort(axis=0)[-_TURNS:]
    found = np.ones(len(ones), dtype=np.float32)
    views, which = orientations(others), np.arange(len(ones))
    for turn in likely:
        shifts_px = _COARSE_PX[places[turn, which]]
        found = np.minimum(found, _in_place(ones, views[turn, which], shifts_px))
    return found


def _equally_white(ones: Pixels, others: Pixels) -> tuple[Pixels, Pixels]:
    """Return both with as much white as the whiter one: what was brightened has lost its lights."""
    both = np.stack([ones, others])
    white = (both >= _WHITE).mean(axis=(2, 3)).max(axis=0)
    lit = np.flatnonzero(white > _LEAST_WHITE)
    levels = np.sort(both[:, lit].reshape(2, len(lit), SIDE_PX**2), axis=2)
    last_kept = np.maximum((SIDE_PX**2 * (1 - white[lit])).astype(np.int64) - 1, 0)
    both[:, lit] = np.minimum(both[:, lit], levels[:, np.arange(len(lit)), last_kept, None, None])
    return both[0], both[1]


def _in_place(ones: Pixels, others: Pixels, shifts_px: Floats) -> Floats:
    """Return the differences at shifts that are about right, under windows moved along."""
    half_px = shifts_px * np.float32(0.5)
    first = _weighed(spectra(ones, half_px))
    second = _weighed(spectra(others, -half_px))
    rows, columns = shifters(shifts_px.T)
    moved = first * rows[:, :, None] * columns[:, None, :]
    height = _heights(moved, second, _FINE_PX).max(axis=(1, 2))
    largest = np.sqrt(_strength(first) * _strength(second))
    return np.asarray(1 - height / np.maximum(largest, 1e-6), dtype=np.float32)


def _heights(first: Complex, second: Complex, shifts_px: Floats) -> Floats:
    """Return the correlations at all shifts down and across, float32 [..., shifts, shifts]."""
    moves = shifters(shifts_px)
    products = first[..., BAND:] * second[..., BAND:].conj()
    across = products @ (moves[:, BAND:] * _HALVES).T
    return np.asarray((moves @ across).real)


def _strength(found: Complex) -> Floats:
    return np.asarray((found.real**2 + found.imag**2).sum(axis=(1, 2)))


def _weighed(found: Complex) -> Complex:
    return found * _WEIGHTS


def _weights() -> Floats:
    away = np.hypot(*np.meshgrid(*[np.arange(-BAND, BAND + 1)] * 2))
    # Longer waves are shading, which pictures of one camera share.
    return ((away >= 2) & (away <= BAND)).astype(np.float32)


_WEIGHTS = _weights()
