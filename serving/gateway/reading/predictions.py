"""What a request and its answer say, whichever way they came."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.artifacts.exported import INPUT_BYTES, INPUT_PIXELS

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
# Of one request; what it claims beyond that is not recorded.
MOST_PICTURES = 4096


class UnreadableError(ValueError):
    """A body is not what its interface says; it was passed on all the same."""


@dataclass(frozen=True)
class SentPicture:
    """One picture as it was sent: encoded, or as pixels uint8 [H, W, C]; both empty if neither."""

    encoded: bytes = b""
    pixels: Pixels | None = None


@dataclass(frozen=True)
class Answered:
    """What the model said of N pictures.

    scores: float32 [N, classes], None if the answer has none.
    decisions: N names, () if the answer has none.
    version: 0 when the answer does not say.
    """

    scores: Floats | None = None
    decisions: tuple[str, ...] = ()
    version: int = 0


@dataclass(frozen=True)
class Question:
    """Who was asked about what.

    signature: as the request says, "" for the default.
    version: 0 when the request does not name one.
    """

    model: str
    version: int
    signature: str
    pictures: tuple[SentPicture, ...]


def pick_input(inputs: dict[str, Any]) -> Any:
    """Return the input that holds pictures: by the export's names, else the only one."""
    for name in (INPUT_BYTES, INPUT_PIXELS):
        if name in inputs:
            return inputs[name]
    return next(iter(inputs.values())) if len(inputs) == 1 else None


def as_scores(values: Any) -> Floats | None:
    """Return float32 [N, classes], or None if the values are something else."""
    try:
        scores = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError):
        return None
    return scores if scores.ndim == 2 else None


def as_picture(values: Any) -> SentPicture:
    """Return pixels if the values are a picture in [0, 255], else an empty one."""
    try:
        pixels = np.asarray(values)
    except (TypeError, ValueError):
        return SentPicture()
    whole = pixels.ndim == 3 and pixels.shape[-1] in {1, 3} and pixels.dtype.kind in "iu"
    if not whole or not pixels.size or pixels.min() < 0 or pixels.max() > 255:
        return SentPicture()
    return SentPicture(pixels=np.ascontiguousarray(pixels, dtype=np.uint8))
