"""The graph that TF Serving runs: encoded bytes or pixels in, calibrated answers out."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from components.common.artifacts.candidate import CandidateInfo
from components.common.artifacts.exported import (
    INPUT_BYTES,
    INPUT_PIXELS,
    OUTPUT_CLASSES,
    OUTPUT_DECISION,
    OUTPUT_FEATURES,
    OUTPUT_PROBABILITIES,
    SIGNATURE_BYTES,
    SIGNATURE_FEATURES,
    SIGNATURE_PIXELS,
)
from components.common.pictures.flips import FLIPS
from components.export.config import ExportConfig
from components.export.network import FrozenNetwork

_UP_DOWN, _LEFT_RIGHT = 1, 2  # axes of [N, S, S, 3]


def save_serving_graph(
    network: FrozenNetwork, info: CandidateInfo, settings: ExportConfig, *, folder: Path
) -> None:
    """Write a SavedModel with the signatures `serving_default`, `pixels` and `features`.

    `info` holds calibration, views and names, `settings` operating point and decodes side by side.
    """
    module = _ServingModule(network, info, settings)
    pictures = tf.TensorSpec([None], tf.string, name=INPUT_BYTES)
    pixels = tf.TensorSpec([None, None, None, 3], tf.uint8, name=INPUT_PIXELS)
    signatures = {
        SIGNATURE_BYTES: module.answer_bytes.get_concrete_function(pictures),
        SIGNATURE_PIXELS: module.answer_pixels.get_concrete_function(pixels),
        SIGNATURE_FEATURES: module.features.get_concrete_function(pictures),
    }
    tf.saved_model.save(module, str(folder), signatures=signatures)


class _ServingModule(tf.Module):
    def __init__(self, network: FrozenNetwork, info: CandidateInfo, settings: ExportConfig) -> None:
        super().__init__(name="graft")
        self._function = network.function
        self._feature_count = network.features
        self._info = info
        self._settings = settings

    @tf.function(autograph=False)
    def answer_bytes(self, image_bytes: Any) -> dict[str, Any]:
        return self._answer(self._decode(image_bytes))

    @tf.function(autograph=False)
    def answer_pixels(self, pixels: Any) -> dict[str, Any]:
        return self._answer(self._resize(pixels))

    @tf.function(autograph=False)
    def features(self, image_bytes: Any) -> dict[str, Any]:
        features, _ = self._network(self._decode(image_bytes))
        return {OUTPUT_FEATURES: tf.ensure_shape(features, [None, self._feature_count])}

    def _network(self, pixels: Any) -> tuple[Any, Any]:
        """Return features and logits.

        An empty batch costs a blank row: fused convolutions give none a wrong shape.
        """
        rows = tf.shape(pixels)[0]
        missing = tf.maximum(1 - rows, 0)
        at_least_one = tf.pad(pixels, [[0, missing], [0, 0], [0, 0], [0, 0]])
        features, logits = self._function(at_least_one)
        return features[:rows], logits[:rows]

    def _decode(self, image_bytes: Any) -> Any:
        """Return float32 [N, S, S, 3], whole numbers in [0, 255]: `common.pictures` in a graph."""
        size = self._info.image_size_px

        def one(data: Any) -> Any:
            return self._resize(_decode_picture(data))

        return tf.map_fn(
            one,
            image_bytes,
            fn_output_signature=tf.TensorSpec([size, size, 3], tf.float32),
            parallel_iterations=self._settings.parallel_decodes,
        )

    def _resize(self, pixels: Any) -> Any:
        size = self._info.image_size_px
        smooth = tf.image.resize(pixels, [size, size], method="bilinear", antialias=True)
        return tf.clip_by_value(tf.round(smooth), 0.0, 255.0)

    def _answer(self, pixels: Any) -> dict[str, Any]:
        probabilities = tf.nn.softmax(self._mean_logits(pixels) / self._info.temperature)
        names = tf.constant(self._info.classes)
        best = tf.gather(names, tf.argmax(probabilities, axis=-1))
        return {
            OUTPUT_PROBABILITIES: probabilities,
            OUTPUT_CLASSES: best,
            OUTPUT_DECISION: self._decide(probabilities, names, best),
        }

    def _mean_logits(self, pixels: Any) -> Any:
        """Average the logits over the flipped views; one call of the network for all of them."""
        views = FLIPS[: self._info.flips]
        stacked = tf.concat([_flipped(pixels, *flip) for flip in views], 0)
        _, logits = self._network(stacked)
        classes = len(self._info.classes)
        by_view = tf.reshape(logits, [len(views), tf.shape(pixels)[0], classes])
        return tf.ensure_shape(tf.reduce_mean(by_view, axis=0), [None, classes])

    def _decide(self, probabilities: Any, names: Any, best: Any) -> Any:
        classes, positive = self._info.classes, self._info.positive
        if len(classes) != 2 or positive not in classes:
            return tf.identity(best)
        column = classes.index(positive)
        chosen = probabilities[:, column] >= self._settings.decision_threshold
        return tf.where(chosen, names[column], names[1 - column])


def _flipped(pixels: Any, left_right: bool, up_down: bool) -> Any:
    axes = [_UP_DOWN] * up_down + [_LEFT_RIGHT] * left_right
    return tf.reverse(pixels, axes) if axes else pixels


def _decode_picture(data: Any) -> Any:
    """Decode one picture to uint8 [H, W, 3], to the bit as Pillow does.

    Left alone, TensorFlow decodes JPEG by the fast and less exact integer transform: one grey
    level off on average, enough to move a probability by more than the export's tolerance.
    """

    def jpeg() -> Any:
        return tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")

    def other() -> Any:
        picture = tf.io.decode_image(data, channels=3, expand_animations=False)
        return tf.ensure_shape(picture, [None, None, 3])

    return tf.cond(tf.io.is_jpeg(data), jpeg, other)
