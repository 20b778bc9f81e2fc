"""ONNX, for ONNX Runtime and what else reads it, from C++ to the browser.

The file takes pictures of any size. No operator of ONNX resizes as the served graph does, so the
filter is written as two products of matrices. Now and then a grey level still rounds the other way,
which moves a probability more than the network's own rounding: docs/how-to/export.md has how far.
"""

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
from components.common.pictures.decode import decode
from components.export.portable import Asked, PortableInfo, answering_network, in_colour

SUFFIX, RECORD_SUFFIX = ".onnx", ".onnx.json"
TAKES = "uint8 [N, H, W, 3], RGB, of any size"
GIVES = "float32 [N, {classes}], calibrated probabilities"
ROUNDING = 5


def write(candidate: Candidate, path: Path, info: PortableInfo) -> None:
    """Write resizing, network, views and calibration: `pixels` in, `probabilities` out.

    Raises:
        ConfigError: the converter is not installed.
    """
    import tensorflow as tf

    from components.export.graph_pictures import square

    try:
        from tf2onnx import convert
    except ImportError:
        raise _not_installed("converter tf2onnx") from None
    network, size = answering_network(candidate), info.image_size_px
    pixels = tf.TensorSpec([None, None, None, 3], tf.uint8, name=INPUT_PIXELS)

    @tf.function(input_signature=[pixels], autograph=False)
    def answer(pixels: Any) -> dict[str, Any]:
        seen = tf.cast(square(pixels, info.fit), tf.float32)
        count, height, width = (tf.shape(seen)[axis] for axis in range(3))
        rows = tf.matmul(_triangles(height, size), tf.reshape(seen, [count, height, width * 3]))
        smooth = tf.matmul(_triangles(width, size), tf.reshape(rows, [count * size, width, 3]))
        levels = tf.clip_by_value(tf.round(smooth), 0.0, 255.0)
        resized = tf.reshape(levels, [count, size, size, 3])
        return {OUTPUT_PROBABILITIES: network(resized, training=False)}

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
        # Each alone: they may differ in size.
        found = [
            session.run([OUTPUT_PROBABILITIES], {INPUT_PIXELS: in_colour(pixels)[None]})[0]
            for one in pictures
            for pixels in [decode(one, grey_range=info.grey_range)]
        ]
        return np.concatenate(found).astype(np.float32)

    return asked


def _triangles(size_in: Any, size_out: int) -> Any:
    """Return the antialiased filter of `pictures.decode.resize`, float32 [size_out, size_in]."""
    import tensorflow as tf

    step = 1.0 / (float(size_out) / tf.cast(size_in, tf.float32))
    width = tf.maximum(step, 1.0)
    centres = (tf.range(size_out, dtype=tf.float32) + 0.5) * step
    places = tf.cast(tf.range(size_in), tf.float32) + 0.5
    distances = tf.abs(places[None, :] - centres[:, None]) * (1.0 / width)
    weights = tf.maximum(1.0 - distances, 0.0)
    return weights * (1.0 / tf.reduce_sum(weights, axis=1, keepdims=True))


def _not_installed(what: str) -> ConfigError:
    return ConfigError(
        f"the ONNX {what}",
        received="an installation without it",
        do="pip install 'graft-vision[onnx]'",
    )
