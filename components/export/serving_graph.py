"""The graph that TF Serving runs: encoded bytes or pixels in, calibrated answers out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from components.common.artifacts.candidate import CandidateInfo, Familiar
from components.common.artifacts.exported import (
    DESCRIBED,
    INPUT_BYTES,
    INPUT_PIXELS,
    OUTPUT_ANSWER,
    OUTPUT_CLASSES,
    OUTPUT_DECISION,
    OUTPUT_FEATURES,
    OUTPUT_PROBABILITIES,
    SIGNATURE_BYTES,
    SIGNATURE_FEATURES,
    SIGNATURE_PIXELS,
    TASK_CLASSES,
    TASK_PROBABILITIES,
)
from components.common.labels.tasks import BETWEEN
from components.common.pictures.flips import FLIPS
from components.common.pictures.grey_range import FULL, GreyRange
from components.common.statistics.operating_point import ASK, OperatingPoint
from components.export.graph_pictures import decode_picture, flipped, square
from components.export.network import FrozenNetwork


@dataclass(frozen=True, kw_only=True)
class ServedAnswers:
    """How logits and features become answers.

    info: calibration, views and names.
    point: when which class is answered, and when the model asks.
    familiar: what strange pictures are recognised by, where that is known.
    parallel_decodes: pictures of one request that are decoded side by side.
    grey_range: the levels that 16-bit grey pictures have.
    """

    info: CandidateInfo
    point: OperatingPoint
    familiar: Familiar | None
    parallel_decodes: int
    grey_range: GreyRange = FULL


def save_serving_graph(network: FrozenNetwork, served: ServedAnswers, *, folder: Path) -> None:
    """Write a SavedModel with the signatures `serving_default`, `pixels` and `features`.

    Who loads it into a process of its own also finds the function `described`.
    """
    module = _ServingModule(network, served)
    pictures = tf.TensorSpec([None], tf.string, name=INPUT_BYTES)
    pixels = tf.TensorSpec([None, None, None, 3], tf.uint8, name=INPUT_PIXELS)
    signatures = {
        SIGNATURE_BYTES: module.answer_bytes.get_concrete_function(pictures),
        SIGNATURE_PIXELS: module.answer_pixels.get_concrete_function(pixels),
        SIGNATURE_FEATURES: module.features.get_concrete_function(pictures),
    }
    getattr(module, DESCRIBED).get_concrete_function(pictures)
    tf.saved_model.save(module, str(folder), signatures=signatures)


class _ServingModule(tf.Module):
    def __init__(self, network: FrozenNetwork, served: ServedAnswers) -> None:
        super().__init__(name="graft")
        self._function = network.function
        self._feature_count = network.features
        self._served = served
        self._info = served.info
        if served.familiar is not None:
            # Traced here: what traces it on its way may come by two copies of the features.
            spec = tf.TensorSpec([None, network.features], tf.float32)
            self._distance = tf.function(
                self._distance_to_known, autograph=False
            ).get_concrete_function(spec)

    @tf.function(autograph=False)
    def described(self, image_bytes: Any) -> dict[str, Any]:
        answers, features = self._answer(self._decode(image_bytes))
        return answers | {OUTPUT_FEATURES: features}

    @tf.function(autograph=False)
    def answer_bytes(self, image_bytes: Any) -> dict[str, Any]:
        return self._answer(self._decode(image_bytes))[0]

    @tf.function(autograph=False)
    def answer_pixels(self, pixels: Any) -> dict[str, Any]:
        return self._answer(self._resize(pixels))[0]

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
            return self._resize(decode_picture(data, grey_range=self._served.grey_range))

        return tf.map_fn(
            one,
            image_bytes,
            fn_output_signature=tf.TensorSpec([size, size, 3], tf.float32),
            parallel_iterations=self._served.parallel_decodes,
        )

    def _resize(self, pixels: Any) -> Any:
        size = self._info.image_size_px
        pixels = square(pixels, self._info.fit)
        smooth = tf.image.resize(pixels, [size, size], method="bilinear", antialias=True)
        return tf.clip_by_value(tf.round(smooth), 0.0, 255.0)

    def _answer(self, pixels: Any) -> tuple[dict[str, Any], Any]:
        """Return answers by output name, and the features float32 [N, D] of the plain view."""
        logits, features = self._mean_logits(pixels)
        logits, further = self._by_task(logits)
        probabilities = tf.nn.softmax(logits / self._info.temperature)
        names = tf.constant(self._info.classes)
        answered, asked = self._decide(probabilities, features)
        answer = tf.gather(names, answered)
        return {
            OUTPUT_PROBABILITIES: probabilities,
            OUTPUT_CLASSES: tf.gather(names, tf.argmax(probabilities, axis=-1)),
            OUTPUT_ANSWER: answer,
            OUTPUT_DECISION: tf.where(asked, tf.constant(ASK), answer),
            **further,
        }, tf.ensure_shape(features, [None, self._feature_count])

    def _mean_logits(self, pixels: Any) -> tuple[Any, Any]:
        """Return the logits averaged over the flipped views, and the features of the plain one.

        One call of the network answers all views.
        """
        views, rows = FLIPS[: self._info.flips], tf.shape(pixels)[0]
        stacked = tf.concat([flipped(pixels, *flip) for flip in views], 0)
        features, logits = self._network(stacked)
        tasks = self._info.tasks
        classes = len(self._info.classes) + sum(len(task.classes) for task in tasks)
        by_view = tf.reshape(logits, [len(views), rows, classes])
        mean = tf.ensure_shape(tf.reduce_mean(by_view, axis=0), [None, classes])
        return mean, features[:rows]

    def _by_task(self, logits: Any) -> tuple[Any, dict[str, Any]]:
        """Return the logits of the classes, and what further tasks answer by output name."""
        if not self._info.tasks:
            return logits, {}
        widths = [len(task.classes) for task in self._info.tasks]
        own, *parts = tf.split(logits, [len(self._info.classes), *widths], axis=1)
        answers = {}
        for task, part in zip(self._info.tasks, parts, strict=True):
            names, scaled = tf.constant(task.classes), part / task.temperature
            if task.multi_label:
                found = tf.sigmoid(scaled)
                true = found >= tf.constant(task.thresholds, tf.float32)
                named = tf.ragged.boolean_mask(tf.broadcast_to(names, tf.shape(true)), true)
                said = tf.strings.reduce_join(named, axis=-1, separator=BETWEEN)
            else:
                found = tf.nn.softmax(scaled)
                said = tf.gather(names, tf.argmax(found, axis=-1))
            answers[f"{task.name}{TASK_PROBABILITIES}"] = found
            answers[f"{task.name}{TASK_CLASSES}"] = said
        return own, answers

    def _decide(self, probabilities: Any, features: Any) -> tuple[Any, Any]:
        """Return the answered class [N] and whether to ask [N], as `operating_point.decide`."""
        point = self._served.point
        good = [name in point.good for name in self._info.classes]
        best = tf.argmax(probabilities, axis=-1)
        asked = tf.zeros_like(best, tf.bool)
        if any(good):
            bad = tf.reduce_sum(tf.where(good, 0.0, probabilities), axis=-1)
            if point.bad_from is not None:
                best_good = tf.argmax(tf.where(good, probabilities, -1.0), axis=-1)
                best_bad = tf.argmax(tf.where(good, -1.0, probabilities), axis=-1)
                best = tf.where(bad >= point.bad_from, best_bad, best_good)
            if point.ask_from is not None:
                asked |= tf.gather(tf.constant(good), best) & (bad >= point.ask_from)
        if point.far_from is not None and self._served.familiar is not None:
            asked |= self._distance(features) > point.far_from
        return best, asked

    def _distance_to_known(self, features: Any) -> Any:
        """Return 1 - cosine to the nearest training picture, float32 [N], as `familiarity`.

        A function of its own, so that one copy of the pictures' features serves all signatures.
        """
        familiar = self._served.familiar
        assert familiar is not None
        whole, width = int(features.shape[1]), familiar.directions.shape[1]
        if whole != width:  # as `familiarity.over_places`
            places = tf.reshape(features, (-1, whole // width, width))
            features = tf.reduce_mean(places, axis=1)
        rooted = tf.sign(features) * tf.sqrt(tf.abs(features))
        directions = rooted / tf.maximum(tf.norm(rooted, axis=1, keepdims=True), 1e-12)
        # In float32: what is this large, a server would convert with every request.
        known = tf.constant(familiar.directions.astype(np.float32))
        cosines = tf.matmul(directions, known, transpose_b=True)
        return 1.0 - tf.reduce_max(cosines, axis=1)
