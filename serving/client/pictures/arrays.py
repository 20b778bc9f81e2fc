"""Classify pictures that are arrays in memory."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.errors import DataError
from components.common.pictures.decode import encode_png
from serving.client.client import Client
from serving.client.pictures.folders import predict_each


def predict_arrays(
    arrays: npt.NDArray[Any] | Sequence[npt.NDArray[Any]], *, client: Client, batch_size: int = 32
) -> pd.DataFrame:
    """Classify every picture; returns and raises as `predict_folder`, `path` is its position.

    Args:
        arrays: one picture, uint8 [H, W] or [H, W, 1 or 3] in [0, 255], RGB; several of them; or
            several in one array [N, H, W, 1 or 3].
        client, batch_size: as there.

    Raises:
        DataError: an array has another type or shape, or there is none.
    """
    pictures = {
        Path(str(number)): encode_png(pixels, compress_level=0)
        for number, pixels in enumerate(_pictures(arrays))
    }
    if not pictures:
        raise DataError("at least one picture", received="none", do="give some")
    return predict_each(list(pictures), pictures.__getitem__, client=client, batch_size=batch_size)


def _pictures(
    arrays: npt.NDArray[Any] | Sequence[npt.NDArray[Any]],
) -> Iterator[npt.NDArray[np.uint8]]:
    one = isinstance(arrays, np.ndarray) and (
        arrays.ndim == 2 or (arrays.ndim == 3 and arrays.shape[-1] in {1, 3})
    )
    for number, given in enumerate([arrays] if one else arrays):
        pixels = np.asarray(given)
        pixels = pixels[..., None] if pixels.ndim == 2 else pixels
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[-1] not in {1, 3}:
            raise DataError(
                "pictures as uint8 arrays [H, W], [H, W, 1] or [H, W, 3]",
                received=f"{pixels.dtype} {list(np.shape(given))} at position {number}",
                do="convert them, or give paths",
            )
        yield pixels
