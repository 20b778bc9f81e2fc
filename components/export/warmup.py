"""Warm-up requests: what a server replays before a new version takes traffic."""

import io
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from components.common.artifacts.exported import (
    INPUT_BYTES,
    INPUT_PIXELS,
    SIGNATURE_BYTES,
    SIGNATURE_FEATURES,
    SIGNATURE_PIXELS,
)
from components.common.pictures.decode import Pixels, encode_png

WARMUP_FILE = Path("assets.extra") / "tf_serving_warmup_requests"


def write_warmup(
    folder: Path, *, model_name: str, picture_shape: tuple[int, int], batch_sizes: tuple[int, ...]
) -> None:
    """Write TFRecords of PredictionLog below a SavedModel.

    The pictures are synthetic, so that no picture of a customer travels with a model.

    Args:
        folder: the SavedModel.
        model_name: goes into each request's model_spec.
        picture_shape: height and width of the synthetic pictures, in pixels.
        batch_sizes: pictures in each request; every size goes to the bytes signature, the
            smallest also to the other two.
    """
    pixels = _test_card(picture_shape)
    encoded = [encode_png(pixels), _encode_jpeg(pixels)]
    requests = [_bytes_request(SIGNATURE_BYTES, encoded, size) for size in batch_sizes]
    if batch_sizes:
        requests.append(_bytes_request(SIGNATURE_FEATURES, encoded, min(batch_sizes)))
        requests.append(_pixels_request(pixels, min(batch_sizes)))
    path = folder / WARMUP_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for request in requests:
            request.model_spec.name = model_name
            log = PredictionLog()
            log.predict_log.request.CopyFrom(request)
            writer.write(log.SerializeToString(deterministic=True))


def _bytes_request(signature: str, pictures: list[bytes], count: int) -> PredictRequest:
    batch = [pictures[position % len(pictures)] for position in range(count)]
    request = PredictRequest()
    request.model_spec.signature_name = signature
    request.inputs[INPUT_BYTES].CopyFrom(tf.make_tensor_proto(batch, dtype=tf.string))
    return request


def _pixels_request(pixels: Pixels, count: int) -> PredictRequest:
    request = PredictRequest()
    request.model_spec.signature_name = SIGNATURE_PIXELS
    request.inputs[INPUT_PIXELS].CopyFrom(tf.make_tensor_proto(np.stack([pixels] * count)))
    return request


def _test_card(shape: tuple[int, int]) -> Pixels:
    """Return smooth ramps, uint8 [H, W, 3]: they compress well and exercise every decoder."""
    rows = np.linspace(0, 255, shape[0], dtype=np.uint8)[:, None]
    columns = np.linspace(0, 255, shape[1], dtype=np.uint8)[None, :]
    return np.stack(np.broadcast_arrays(rows, columns, rows ^ columns), axis=-1)


def _encode_jpeg(pixels: Pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="JPEG", quality=90)
    return buffer.getvalue()
