"""ONNX, for ONNX Runtime and what else reads it, from C++ to the browser."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.exported import INPUT_PIXELS, OUTPUT_PROBABILITIES
from components.common.artifacts.records import write_record
from components.common.errors import ConfigError
from components.export.portable import Asked, PortableInfo, answering_network, prepared

SUFFIX, RECORD_SUFFIX = ".onnx", ".onnx.json"
BATCH, GIVES = "N", "calibrated probabilities"


def write(candidate: Candidate, path: Path, info: PortableInfo) -> None:
    """Write the network, its views and its calibration: `pixels` in, `probabilities` out.

    Raises:
        ConfigError: the converter is not installed.
    """
    import tensorflow as tf

    try:
        from tf2onnx import convert
    except ImportError:
        raise _not_installed("converter tf2onnx") from None
    network = answering_network(candidate)
    size = info.image_size_px
    pixels = tf.TensorSpec([None, size, size, 3], tf.float32, name=INPUT_PIXELS)

    @tf.function(input_signature=[pixels], autograph=False)
    def answer(pixels: Any) -> dict[str, Any]:
        return {OUTPUT_PROBABILITIES: network(pixels, training=False)}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converter's own, about NumPy and TensorFlow 1
        convert.from_function(answer, input_signature=[pixels], output_path=str(path))
    write_record(path.with_suffix(RECORD_SUFFIX), info)


def opened(path: Path, info: PortableInfo) -> Asked:
    """Return what asks the file.

    Raises:
        ConfigError: the runtime is not installed.
    """
    try:
        from onnxruntime import InferenceSession
    except ImportError:
        raise _not_installed("runtime onnxruntime") from None
    session = InferenceSession(path, providers=["CPUExecutionProvider"])

    def asked(pictures: Sequence[bytes]) -> npt.NDArray[np.float32]:
        pixels = prepared(pictures, info)
        found = session.run([OUTPUT_PROBABILITIES], {INPUT_PIXELS: pixels})[0]
        return np.asarray(found, np.float32)

    return asked


def _not_installed(what: str) -> ConfigError:
    return ConfigError(
        f"the ONNX {what}",
        received="an installation without it",
        do="pip install 'graft-vision[onnx]'",
    )
