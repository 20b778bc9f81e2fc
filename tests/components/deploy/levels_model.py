"""A tiny SavedModel with Graft's bytes signature: `levels_model.py FOLDER SLOPE...` writes some.

The brighter the picture, the likelier "bad"; a slope says how much so. It runs in a process of its
own, so that TensorFlow stays out of the tests' process and its warnings out of their way.
"""

import sys
from pathlib import Path

import numpy as np


def answers(levels: np.ndarray, slope: float) -> np.ndarray:
    """float64 [N, 2], what the model answers for evenly grey pictures."""
    bad = 1.0 / (1.0 + np.exp(-slope * (levels / 255.0 - 0.5)))
    return np.stack([1.0 - bad, bad], axis=1)


def save(folder: Path, slope: float) -> None:
    import tensorflow as tf

    class Levels(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.slope = tf.Variable(slope, dtype=tf.float32)
            self.names = tf.constant(["good", "bad"])

        @tf.function(
            input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")],
            autograph=False,
        )
        def serve(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            level = tf.map_fn(self.level, image_bytes, fn_output_signature=tf.float32)
            bad = tf.sigmoid(self.slope * (level / 255.0 - 0.5))
            probabilities = tf.stack([1.0 - bad, bad], axis=1)
            names = tf.gather(self.names, tf.argmax(probabilities, axis=1))
            return {"probabilities": probabilities, "classes": names, "decision": names}

        def level(self, data: tf.Tensor) -> tf.Tensor:
            pixels = tf.io.decode_image(data, channels=1, expand_animations=False)
            return tf.reduce_mean(tf.cast(pixels, tf.float32))

    module = Levels()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.serve})


if __name__ == "__main__":
    for text in sys.argv[2:]:
        save(Path(sys.argv[1]) / text, float(text))
