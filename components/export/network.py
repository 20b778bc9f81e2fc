"""From `model.keras` to a frozen TensorFlow function: pixels -> features and logits.

BatchNorm and needless padding are folded into the convolutions here. A server could do the former
itself, but not before a depthwise convolution, and at every load. What is left, convolution, bias
and activation, is what TensorFlow's graph optimiser makes one oneDNN call of.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from components.common.artifacts.candidate import CandidateInfo
from components.common.errors import ExportError
from components.networks.fast.folding import fold_batch_norm

FEATURE_LAYER = "embedding"


@dataclass(frozen=True)
class FrozenNetwork:
    """A frozen network.

    `function` maps float32 pixels [N, S, S, 3] in [0, 255] to (features float32 [N, D], logits
    float32 [N, classes]); logits of further tasks stand beside them. Its weights are constants, so
    that one copy serves all signatures.
    """

    function: Any
    features: int


def load_network(path: Path, info: CandidateInfo) -> FrozenNetwork:
    """Load a Keras file and freeze it for inference.

    Args:
        path: the candidate's `model.keras`.
        info: says the picture size and the number of classes that the file must have.

    Raises:
        ExportError: Keras runs on another backend, or the network has another shape.
    """
    model = _load(path)
    size = info.image_size_px
    widths = [len(info.classes), *(len(task.classes) for task in info.tasks)]
    if [tuple(one.shape) for one in model.outputs] != [(None, width) for width in widths]:
        raise ExportError(
            f"a network with {', '.join(map(str, widths))} logits a picture",
            received=f"output shape {model.output_shape}",
            do="train the candidate again",
        )
    return freeze(fold_batch_norm(with_features(model)), image_size_px=size)


def with_features(model: Any) -> Any:
    """Return the network with two outputs, its embedding [N, D] and its logits [N, classes].

    Where it has several outputs, all logits side by side.

    Raises:
        ExportError: it has no embedding of that shape.
    """
    import keras

    logits, *further = model.outputs
    if further:
        logits = keras.layers.Concatenate(name="answers")(model.outputs)
    return keras.Model(model.inputs, [_feature_output(model), logits], name="network")


def freeze(model: Any, *, image_size_px: int) -> FrozenNetwork:
    """Freeze a model as from `with_features`, its layers as they are."""

    def run(pixels: Any) -> tuple[Any, Any]:
        features, logits = model(pixels, training=False)
        return tf.cast(features, tf.float32), tf.cast(logits, tf.float32)

    shape = [None, image_size_px, image_size_px, 3]
    signature = [tf.TensorSpec(shape, tf.float32, name="pixels")]
    traced = tf.function(run, input_signature=signature, autograph=False)
    frozen = convert_variables_to_constants_v2(traced.get_concrete_function())
    return FrozenNetwork(frozen, int(model.outputs[0].shape[-1]))


def _load(path: Path) -> Any:
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ExportError(
            "Keras on its TensorFlow backend",
            received=f"backend {keras.backend.backend()}",
            do="run the export in a process of its own, with KERAS_BACKEND=tensorflow",
        )
    return keras.models.load_model(path, compile=False)


def _feature_output(model: Any) -> Any:
    """Return the symbolic embedding [N, D]: the layer of that name, else what the head reads."""
    import keras

    by_name = {layer.name: layer for layer in model.layers}
    heads = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    if FEATURE_LAYER in by_name:
        tensor = by_name[FEATURE_LAYER].output
    elif heads:
        tensor = heads[-1].input
    else:
        raise ExportError(
            f"a layer named '{FEATURE_LAYER}' or a Dense head",
            received=f"layers {', '.join(list(by_name)[-3:])} at the end of the network",
            do=f"name the pooling layer '{FEATURE_LAYER}'",
        )
    if len(tensor.shape) != 2:
        raise ExportError(
            "features of shape [N, D]",
            received=f"shape {tuple(tensor.shape)} at '{FEATURE_LAYER}'",
            do="pool over height and width before the head",
        )
    return tensor
