"""Facts: what is known of each picture, decoded once."""

import concurrent.futures
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from components.common import progress
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.monitoring.prediction_log import STATISTIC_COLUMNS
from components.common.errors import DataError
from components.common.pictures import statistics
from components.common.pictures.decode import Pixels, decode, pixels_sha256, to_image
from components.common.pictures.grey import laplacian, to_grey
from components.common.pictures.grey_range import FULL, GreyRange
from components.common.pictures.header import read_header
from components.common.pictures.perceptual_hash import perceptual_hash
from components.common.pictures.statistics import STATISTICS
from components.validate.copies.spectra import miniature

# The column of small pictures, which no table keeps.
MINIATURE = "miniature"


@dataclass(frozen=True, kw_only=True)
class PictureFacts:
    """One picture, measured. What could not be measured is NaN, 0 or "".

    `bytes` is the size of the encoded file; `brightness` (mean) and `contrast` (standard
    deviation) are of the grey levels in [0, 255], `entropy` of their histogram in bits, 0 to 8;
    `blur` is the variance of the Laplacian, low for blurred pictures (Pech-Pacheco et al. 2000);
    `pixels_sha256` is of shape and pixels, equal for the same picture in two encodings, and
    `perceptual_hash` of what it shows, nearly equal for near copies.
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
    entropy: float = math.nan
    blur: float = math.nan
    pixels_sha256: str = ""
    perceptual_hash: int = 0


def measure(dataset: Dataset) -> pd.DataFrame:
    """Return what there is to know of each picture, in manifest order, on all processors.

    One pass. Columns: `PictureFacts`; STATISTIC_COLUMNS, as gateway and monitor measure them, NaN
    where a picture cannot be read; of the file as it came `PictureHeader` with "file_" before the
    name; `shorter_side_px` and `aspect_ratio`; MINIATURE, bytes, in which near copies are looked
    for.
    """
    paths = dataset.manifest["path"].tolist()
    table, came = measured(paths, dataset.picture), dataset.headers()
    if len(came):
        # The copies are PNG where the originals were not.
        for name in came:
            table[f"file_{name}"] = came[name].reindex(paths).to_numpy()
    return table


def measured(
    paths: Sequence[str], read: Callable[[str], bytes], *, grey_range: GreyRange = FULL
) -> pd.DataFrame:
    """Return what `measure` does of any pictures, their headers as they are.

    Args:
        paths: names of pictures.
        read: returns the encoded bytes of one.
        grey_range: of 16-bit grey levels.
    """

    def row(path: str) -> dict[str, Any]:
        data = read(path)
        pixels, facts = _measured(path, data, grey_range)
        found = np.full(len(STATISTICS), np.nan) if pixels is None else statistics.measure(pixels)
        small = b"" if pixels is None else miniature(pixels).tobytes()
        header = {f"file_{name}": value for name, value in vars(read_header(data)).items()}
        return (
            vars(facts)
            | dict(zip(STATISTIC_COLUMNS, found.tolist(), strict=True))
            | header
            | {MINIATURE: small}
        )

    # The decoder's own `catch_warnings` is not safe among threads; this one restores the filters.
    with (
        warnings.catch_warnings(),
        concurrent.futures.ThreadPoolExecutor(progress.worker_count()) as pool,
    ):
        rows = list(progress.track(pool.map(row, paths), "measuring pictures", total=len(paths)))
    table = pd.DataFrame(rows).astype({"perceptual_hash": np.uint64})
    sides = table[["width_px", "height_px"]]
    table["shorter_side_px"] = sides.min(axis=1)
    table["aspect_ratio"] = sides.max(axis=1) / sides.min(axis=1)
    return table


def measure_picture(path: str, data: bytes) -> PictureFacts:
    """Measure one picture by its name in the Dataset and its encoded file."""
    return _measured(path, data, FULL)[1]


def _measured(path: str, data: bytes, grey_range: GreyRange) -> tuple[Pixels | None, PictureFacts]:
    try:
        pixels = decode(data, name=path, grey_range=grey_range)
    except DataError as error:
        facts = PictureFacts(path=path, bytes=len(data), readable=False, error=_reason(error))
        return None, facts
    brightness, contrast, entropy = _of_histogram(pixels)
    texture = laplacian(to_grey(pixels))
    height, width, channels = pixels.shape
    facts = PictureFacts(
        path=path,
        bytes=len(data),
        readable=True,
        width_px=width,
        height_px=height,
        channels=channels,
        mode="grey" if channels == 1 else "colour",
        brightness=brightness,
        contrast=contrast,
        entropy=entropy,
        # Its variance, in one pass: the mean is next to nothing.
        blur=float(np.vdot(texture, texture)) / texture.size - float(texture.mean()) ** 2,
        pixels_sha256=pixels_sha256(pixels),
        perceptual_hash=int(perceptual_hash(pixels)),
    )
    return pixels, facts


def _of_histogram(pixels: Pixels) -> tuple[float, float, float]:
    """Return mean, standard deviation and entropy (bits) of the grey levels, as whole numbers."""
    counts = np.asarray(to_image(pixels).convert("L").histogram())
    levels = np.flatnonzero(counts)
    shares = counts[levels] / counts.sum()
    mean = float(shares @ levels)
    deviation = float(np.sqrt(shares @ (levels - mean) ** 2))
    return mean, deviation, abs(float(shares @ np.log2(shares)))


def _reason(error: DataError) -> str:
    """Return the "received" part of the house sentence."""
    return str(error).partition("received ")[2].rpartition("; ")[0] or str(error)
