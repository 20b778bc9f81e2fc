"""Facts: numbers measured on each picture, decoded once."""

import concurrent.futures
import hashlib
import math
import warnings
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from components.common import progress
from components.common.artifacts.dataset import Dataset
from components.common.errors import DataError
from components.common.pictures.decode import Pixels, decode
from components.common.pictures.grey import laplacian, to_grey


@dataclass(frozen=True, kw_only=True)
class PictureFacts:
    """One picture, measured. What could not be measured is NaN or "".

    `bytes` is the size of the encoded file; `brightness` (mean) and `contrast` (standard
    deviation) are of the grey levels in [0, 255]; `blur` is the variance of the Laplacian,
    low for blurred pictures (Pech-Pacheco et al. 2000); `pixels_sha256` is of shape and
    pixels, equal for the same picture in two encodings.
    """

    path: str
    bytes: int
    readable: bool
    error: str = ""
    width_px: float = math.nan
    height_px: float = math.nan
    channels: float = math.nan
    mode: str = ""
    brightness: float = math.nan
    contrast: float = math.nan
    blur: float = math.nan
    pixels_sha256: str = ""


def measure(dataset: Dataset) -> pd.DataFrame:
    """Return one row of `PictureFacts` a picture, in manifest order, on all processors."""
    paths = dataset.manifest["path"].tolist()
    # The decoder's own `catch_warnings` is not safe among threads; this one restores the filters.
    with (
        warnings.catch_warnings(),
        concurrent.futures.ThreadPoolExecutor(progress.worker_count()) as pool,
    ):
        facts = pool.map(lambda path: measure_picture(path, dataset.picture(path)), paths)
        rows = [
            asdict(fact) for fact in progress.track(facts, "measuring pictures", total=len(paths))
        ]
    table = pd.DataFrame(rows)
    sides = table[["width_px", "height_px"]]
    table["shorter_side_px"] = sides.min(axis=1)
    table["aspect_ratio"] = sides.max(axis=1) / sides.min(axis=1)
    return table


def measure_picture(path: str, data: bytes) -> PictureFacts:
    """Measure one picture by its name in the Dataset and its encoded file."""
    try:
        pixels = decode(data, name=path)
    except DataError as error:
        return PictureFacts(path=path, bytes=len(data), readable=False, error=_reason(error))
    grey = to_grey(pixels)
    height, width, channels = pixels.shape
    return PictureFacts(
        path=path,
        bytes=len(data),
        readable=True,
        width_px=width,
        height_px=height,
        channels=channels,
        mode="grey" if channels == 1 else "colour",
        brightness=float(grey.mean()),
        contrast=float(grey.std()),
        blur=float(laplacian(grey).var()),
        pixels_sha256=_pixels_sha256(pixels),
    )


def _pixels_sha256(pixels: Pixels) -> str:
    total = hashlib.sha256(repr(pixels.shape).encode())
    total.update(np.ascontiguousarray(pixels).data)
    return total.hexdigest()


def _reason(error: DataError) -> str:
    """Return the "received" part of the house sentence."""
    return str(error).partition("received ")[2].rpartition("; ")[0] or str(error)
