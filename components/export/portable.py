"""What files in other formats hold, and what they leave to whoever asks them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.artifacts.candidate import Candidate
from components.common.pictures.decode import decode, resize
from components.common.pictures.fit import Fit
from components.common.pictures.flips import FLIPS
from components.common.pictures.grey_range import GreyRange
from components.common.statistics.operating_point import OperatingPoint

Asked = Callable[[Sequence[bytes]], npt.NDArray[np.float32]]
"""Takes encoded pictures, returns probabilities float32 [N, classes]."""


@dataclass(frozen=True, kw_only=True)
class PortableInfo:
    """The record beside a file: how it is asked, and how its answers become decisions.

    It takes `input`, pictures that were made square by `fit` and resized by a triangle filter
    (antialiased, rounded); `grey_range` are the levels of 16-bit grey pictures that become 0 and
    255. It gives `output`, in the order of `classes`. `operating_point` is then applied outside:
    docs/how-to/export.md says how.
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


def prepared(pictures: Sequence[bytes], info: PortableInfo) -> npt.NDArray[np.float32]:
    """Return encoded pictures as the file takes them: float32 [N, S, S, 3], whole, in [0, 255]."""
    size = info.image_size_px
    return np.stack(
        [
            as_seen(resize(decode(one, grey_range=info.grey_range), size, fit=info.fit))
            for one in pictures
        ]
    )


def as_seen(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return uint8 [S, S, 1 or 3] as the network takes it: float32 [S, S, 3]."""
    return np.broadcast_to(pixels, (*pixels.shape[:2], 3)).astype(np.float32)
