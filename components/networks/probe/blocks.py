"""Rows taken a block at a time, so that what is held at once does not grow with the pictures.

A set of the usual size is one block, and its arithmetic that of whole arrays to the last digit.
"""

import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.files import forget_pages
from components.networks.rows import Floats, Rows, forget_rows

Doubles = npt.NDArray[np.float64]

# Of one block as float32. 26,214 rows of 1,280 features.
BLOCK_BYTES = 2**27
# Standardised features up to this size are held in memory, larger ones in a file without a name.
IN_MEMORY_BYTES = 2**29


def blocks(features: Rows, *, wide: int) -> Iterator[slice]:
    """Yield the rows of each block of features [N, wide]; the pages behind it are forgotten."""
    step = max(1, BLOCK_BYTES // (4 * wide))
    for first in range(0, len(features), step):
        yield slice(first, min(first + step, len(features)))
        forget_rows(features)


def means(features: npt.NDArray[Any]) -> Doubles:
    """Return the mean of each feature, float64 [D], of float [N, D]."""
    total = np.zeros(features.shape[1])
    for rows in blocks(features, wide=features.shape[1]):
        total += features[rows].sum(axis=0, dtype=np.float64)
    return total / len(features)


def deviations(features: npt.NDArray[Any]) -> Doubles:
    """Return the standard deviation of each feature, float64 [D], of float [N, D]."""
    mean, total = means(features), np.zeros(features.shape[1])
    for rows in blocks(features, wide=features.shape[1]):
        away = features[rows] - mean
        # In place: of a block the float64 copy alone takes a quarter of a gigabyte.
        total += np.square(away, out=away).sum(axis=0)
    return np.sqrt(total / len(features))


def standardised(features: npt.NDArray[Any], mean: Doubles, scale: Doubles) -> Floats:
    """Return (features - mean) * scale, float32 [N, D]; beyond IN_MEMORY_BYTES mapped from a file.

    The file is gone with the array.
    """
    scaled: Floats
    if 4 * features.size > IN_MEMORY_BYTES:
        with tempfile.TemporaryFile() as file:
            scaled = np.memmap(file, np.float32, mode="w+", shape=features.shape)
    else:
        scaled = np.empty(features.shape, np.float32)
    for rows in blocks(features, wide=features.shape[1]):
        away = features[rows] - mean
        scaled[rows] = np.multiply(away, scale, out=away)
        forget_pages(scaled)
    return scaled


def logits(features: Rows, kernel: npt.NDArray[Any], bias: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return features [N, D] @ kernel [D, classes] + bias, [N, classes]."""
    parts = [features[rows] @ kernel + bias for rows in blocks(features, wide=len(kernel))]
    found: npt.NDArray[Any] = np.concatenate(parts) if len(parts) != 1 else parts[0]
    return found


def in_memory_where_small(features: Rows, *, wide: int) -> Rows:
    """Return rows [N, wide] as one array where that is one block, else as they are."""
    if 4 * wide * len(features) > BLOCK_BYTES:
        return features
    return np.ascontiguousarray(features[:])
