"""A tiny model with the signatures of a Graft export, and pictures to ask it about."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

MODEL = "bright"


def png(level: int, *, size: tuple[int, int] = (8, 6)) -> bytes:
    """Return a grey picture of one brightness in [0, 255]."""
    buffer = io.BytesIO()
    Image.fromarray(np.full((size[1], size[0]), level, np.uint8)).save(buffer, format="PNG")
    return buffer.getvalue()


def write_model(folder: Path, *, scale: float = 1.0) -> None:
    """Write a model whose probability of 'bright' is the mean grey times `scale`."""
    import tensorflow as tf

    class Brightness(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = tf.Variable(scale, dtype=tf.float32)

        def _mean(self, image_bytes: tf.Tensor) -> tf.Tensor:
            def one(data: tf.Tensor) -> tf.Tensor:
                pixels = tf.io.decode_image(data, channels=3, expand_animations=False)
                return tf.reduce_mean(tf.cast(pixels, tf.float32)) / 255.0

            return tf.map_fn(one, image_bytes, fn_output_signature=tf.float32) * self.scale

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
        def classify(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            bright = self._mean(image_bytes)
            names = tf.where(bright > 0.5, "bright", "dark")
            decisions = tf.where(bright > 0.25, "bright", "dark")
            probabilities = tf.stack([1.0 - bright, bright], axis=1)
            return {"probabilities": probabilities, "classes": names, "decision": decisions}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
        def features(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            mean = self._mean(image_bytes)
            return {"features": tf.stack([mean, mean * 2.0, mean * 3.0], axis=1)}

    model = Brightness()
    signatures = {
        "serving_default": model.classify.get_concrete_function(),
        "features": model.features.get_concrete_function(),
    }
    tf.saved_model.save(model, str(folder), signatures=signatures)
