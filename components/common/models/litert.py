"""Run a LiteRT file, as export leaves it beside the SavedModel: without TensorFlow or Keras.

The network alone is in the file. Decoding, resizing, mirrored views, calibration and the operating
point are those of `components.common`, by the numbers in the JSON record of the same name. What the
SavedModel asks about because it is strange is not known here: the file gives no features.
"""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from components.common.artifacts.records import read_record
from components.common.errors import ConfigError, DataError
from components.common.models.saved_model import Answers
from components.common.pictures.decode import Pixels, decode, resize
from components.common.pictures.fit import Fit
from components.common.pictures.flips import FLIPS
from components.common.pictures.grey_range import FULL, GreyRange
from components.common.statistics.operating_point import ASK, OperatingPoint, decide
from components.common.statistics.temperature import softmax

# Of the weights; with int8 the activations are, too.
LitertPrecision = Literal["float32", "float16", "int8"]
# Below a SavedModel's folder: published with the version, and nothing to a server.
FOLDER = "assets.extra"


@dataclass(frozen=True, kw_only=True)
class LitertInfo:
    """What turns the file's logits into answers; fields as in `CandidateInfo` and `ExportInfo`."""

    classes: tuple[str, ...]
    image_size_px: int
    temperature: float
    flips: int
    operating_point: OperatingPoint
    precision: LitertPrecision
    fit: Fit = "squeeze"
    grey_range: GreyRange = FULL


def litert_files(saved_model: Path) -> tuple[Path, ...]:
    """Return the LiteRT files of an exported model or a published version."""
    return tuple(sorted((saved_model / FOLDER).glob("*.tflite")))


class LitertModel:
    """A file with its record, loaded; calls from several threads wait for each other.

    Args:
        path: the .tflite file; the .json file of the same name lies beside it. One thread computes.

    Raises:
        DataError: there is no such file, it is damaged, or its record is.
        ConfigError: the runtime is not installed.
    """

    def __init__(self, path: Path) -> None:
        record = path.with_suffix(".json")
        if not path.is_file() or not record.is_file():
            raise DataError(
                "a LiteRT file of Graft, with its .json record beside it",
                received=str(path),
                do="export one (export.litert=[int8]); it lies below assets.extra/ of a version",
            )
        self.info = read_record(record, LitertInfo)
        self._interpreter = _interpreter(path)
        self._lock = threading.Lock()
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]

    def answer(self, pictures: Sequence[bytes]) -> Answers:
        """Answer encoded pictures, at least one.

        Raises:
            DataError: one cannot be read.
        """
        levels = self.info.grey_range
        logits = np.stack([self._logits(decode(one, grey_range=levels)) for one in pictures])
        classes = self.info.classes
        probabilities = softmax(logits / np.float32(self.info.temperature))
        decided = decide(probabilities, point=self.info.operating_point, classes=classes)
        answers = tuple(classes[number] for number in decided.predicted)
        asked = zip(answers, decided.asked, strict=True)
        return Answers(
            probabilities,
            tuple(classes[number] for number in probabilities.argmax(axis=1)),
            tuple(ASK if doubt else name for name, doubt in asked),
            answers,
        )

    def logits(self, pixels: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return the network's answer to one picture of its size, [S, S, 3]: [classes]."""
        fed, (scale, zero) = pixels[None].astype(np.float32), self._input["quantization"]
        if self._input["dtype"] is np.int8:
            fed = np.clip(np.rint(fed / scale) + zero, -128, 127)
        with self._lock:
            self._interpreter.set_tensor(self._input["index"], fed.astype(self._input["dtype"]))
            self._interpreter.invoke()
            found = self._interpreter.get_tensor(self._output["index"])[0].astype(np.float32)
        scale, zero = self._output["quantization"]
        dequantized: npt.NDArray[np.float32] = (found - np.float32(zero)) * np.float32(scale)
        return dequantized if self._output["dtype"] is np.int8 else found

    def _logits(self, pixels: Pixels) -> npt.NDArray[np.float32]:
        """Return the mean over the mirrored views."""
        size = self.info.image_size_px
        seen = np.broadcast_to(resize(pixels, size, fit=self.info.fit), (size, size, 3))
        views = [
            self.logits(seen[:: -1 if down else 1, :: -1 if across else 1])
            for across, down in FLIPS[: self.info.flips]
        ]
        mean: npt.NDArray[np.float32] = np.mean(views, axis=0, dtype=np.float32)
        return mean


def _interpreter(path: Path) -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise ConfigError(
            "the LiteRT runtime",
            received="an installation without it",
            do="pip install 'graft-vision[edge]'",
        ) from None
    try:
        interpreter = Interpreter(str(path), num_threads=1)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise DataError(
            f"a LiteRT model in {path}",
            received=f"a damaged file ({error})",
            do="copy or export it again",
        ) from None
    return interpreter
