"""Which pairs of pictures are worth comparing: those whose spectra are alike in strength.

The strength of a wave does not change when a picture is shifted, and summed over the eight
orientations not when it is turned or mirrored. So each picture is compared once, by one row of
numbers, and not in every place and orientation. (A perceptual hash does not stand a shift: of the
demo's cells shifted by 3 of 300 px, a fifth are not among the 16 nearest hashes.)
"""

import numpy as np
import numpy.typing as npt

from components.common.pictures.decode import Pixels
from components.validate.copies.spectra import BAND, Floats, spectra

NEIGHBOURS = 4
_CHUNK = 1024


def pairs(miniatures: Pixels) -> npt.NDArray[np.int64]:
    """Return each picture with its nearest neighbours, int64 [pairs, 2], each pair once.

    Args:
        miniatures: uint8 [N, SIDE_PX, SIDE_PX].
    """
    if len(miniatures) < 2:
        return np.empty((0, 2), dtype=np.int64)
    # Not at the top: it takes a second.
    from sklearn.neighbors import NearestNeighbors

    rows = descriptors(miniatures)
    count = min(NEIGHBOURS, len(rows) - 1)
    search = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(rows)
    nearest = search.kneighbors(return_distance=False)
    firsts = np.repeat(np.arange(len(rows)), count)
    return np.unique(np.sort(np.column_stack([firsts, nearest.ravel()]), axis=1), axis=0)


def descriptors(miniatures: Pixels) -> Floats:
    """Return float32 [N, D], each column of mean 0 and deviation 1."""
    rows = np.concatenate(
        [
            _descriptors(miniatures[start : start + _CHUNK])
            for start in range(0, len(miniatures), _CHUNK)
        ]
    )
    spread = rows.std(axis=0)
    scaled = (rows - rows.mean(axis=0)) / np.where(spread > 1e-6, spread, 1.0)
    return np.asarray(scaled, dtype=np.float32)


def _descriptors(miniatures: Pixels) -> Floats:
    strength = np.log1p(np.abs(spectra(miniatures)))
    # A real picture's other half is the same turned by half.
    both = strength[:, BAND:, BAND:] + strength[:, BAND:, BAND::-1]
    rows, columns = np.triu_indices(BAND + 1)
    return np.asarray((both + both.swapaxes(1, 2))[:, rows, columns])
