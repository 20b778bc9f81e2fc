"""What files in other formats hold, and what they leave to whoever asks them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.artifacts.candidate import Candidate
from components.common.pictures.decode import Pixels, decode, resize
from components.common.pictures.fit import Fit
from components.common.pictures.flips import FLIPS
from components.common.pictures.grey_range import GreyRange
from components.common.statistics.operating_point import OperatingPoint

Asked = Callable[[Sequence[bytes]], npt.NDArray[np.float32]]
"""Takes encoded pictures, returns probabilities float32 [N, classes]."""


@dataclass(frozen=True, kw_only=True)
class PortableInfo:
    """The record beside a file: how it is asked, and how its answers become decisions.

    It takes `input` and gives `output`, in the order of `classes`. Where it does not resize itself,
    pictures are made square by `fit` and resized by a triangle filter, antialiased and rounded.
    `grey_range` are the levels of 16-bit grey pictures that become 0 and 255. `operating_point` is
    applied outside: docs/how-to/export.md says how.
    """

    model_name: str
    version: int
    input: str
    output: str
    classes: tuple[str, ...]
    image_size_px: int
    fit: Fit
    grey_range: GreyRange
    operating_point: OperatingPoint


def answering_network(candidate: Candidate) -> Any:
    """Return a Keras model from pixels float32 [N, S, S, 3] in [0, 255] to probabilities [N, C].

    Views and calibration are inside. Answers of further tasks are not.
    """
    import keras

    info = candidate.info
    trained = keras.models.load_model(candidate.model_path, compile=False)
    network = keras.Model(trained.inputs, trained.outputs[0], name="network")
    size = info.image_size_px
    pixels = keras.Input((size, size, 3), dtype="float32", name="pixels")
    views = [
        network(keras.ops.flip(pixels, axes) if axes else pixels)
        for across, down in FLIPS[: info.flips]
        for axes in [[1] * down + [2] * across]
    ]
    mean = keras.layers.Average(dtype="float32")(views) if len(views) > 1 else views[0]
    calibrated = keras.layers.Rescaling(1.0 / info.temperature, dtype="float32")(mean)
    answers = keras.layers.Softmax(name="probabilities", dtype="float32")(calibrated)
    return keras.Model(pixels, answers, name="graft")


def as_seen(picture: bytes, info: PortableInfo) -> Pixels:
    """Return an encoded picture as the network sees it, uint8 [S, S, 3]."""
    pixels = decode(picture, grey_range=info.grey_range)
    return in_colour(resize(pixels, info.image_size_px, fit=info.fit))


def in_colour(pixels: Pixels) -> Pixels:
    """Return uint8 [H, W, 1 or 3] with three channels."""
    return np.broadcast_to(pixels, (*pixels.shape[:2], 3))
