"""What a picture's bytes tell: digest, size, statistics."""

import hashlib
import io
import time
import warnings
from collections import Counter
from dataclasses import dataclass

from PIL import Image

from components.common.errors import DataError
from components.common.pictures.decode import decode
from components.common.pictures.grey_range import FULL, GreyRange
from components.common.pictures.header import LARGEST_PIXELS
from components.common.pictures.statistics import measure
from serving.gateway.reading.predictions import Floats, Pixels, SentPicture
from serving.gateway.reading.statistics_budget import StatisticsBudget

_SUFFIXES = {"JPEG": ".jpg", "TIFF": ".tif"}


@dataclass(frozen=True)
class MeasuredPicture:
    """Facts of one picture; None and "" where it could not be read or was not measured."""

    sha256: str = ""
    size_bytes: int | None = None
    height_px: int | None = None
    width_px: int | None = None
    suffix: str = ""
    statistics: Floats | None = None


def measure_picture(
    asked: SentPicture,
    *,
    budget: StatisticsBudget,
    behind_s: float,
    counts: Counter[str],
    grey_range: GreyRange = FULL,
) -> MeasuredPicture:
    """Measure what was sent of one picture.

    Args:
        asked: encoded or as pixels.
        budget: decides whether there is time for statistics.
        behind_s: how late the worker is, in seconds.
        counts: `undecodable` and `statistics_skipped` are counted there.
        grey_range: of 16-bit grey pictures, as the model takes it.
    """
    if asked.pixels is not None:
        return _measured_pixels(asked.pixels, budget, behind_s, counts)
    if not asked.encoded:
        return MeasuredPicture()
    sha256 = hashlib.sha256(asked.encoded).hexdigest()
    size = len(asked.encoded)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(asked.encoded))
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        counts["undecodable"] += 1
        return MeasuredPicture(sha256, size)
    name = str(image.format)
    suffix = _SUFFIXES.get(name, f".{name.lower()}")
    statistics = None
    if _affordable(image.width * image.height, budget, behind_s, counts):
        begin = time.perf_counter()
        try:
            statistics = measure(decode(asked.encoded, grey_range=grey_range))
        except DataError:
            counts["undecodable"] += 1
            suffix = ""
        except MemoryError:
            counts["statistics_skipped"] += 1
        budget.spent(time.perf_counter() - begin)
    return MeasuredPicture(sha256, size, image.height, image.width, suffix, statistics)


def _measured_pixels(
    pixels: Pixels, budget: StatisticsBudget, behind_s: float, counts: Counter[str]
) -> MeasuredPicture:
    height, width = pixels.shape[:2]
    statistics = None
    if _affordable(height * width, budget, behind_s, counts):
        begin = time.perf_counter()
        statistics = measure(pixels)
        budget.spent(time.perf_counter() - begin)
    sha256 = hashlib.sha256(pixels.tobytes()).hexdigest()
    return MeasuredPicture(sha256, pixels.nbytes, height, width, "", statistics)


def _affordable(
    pixels: int, budget: StatisticsBudget, behind_s: float, counts: Counter[str]
) -> bool:
    if pixels <= LARGEST_PIXELS and budget.allows(behind_s=behind_s):
        return True
    counts["statistics_skipped"] += 1
    return False
