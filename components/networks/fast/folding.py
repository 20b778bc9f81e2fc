"""A faster copy of a frozen network: BatchNorm folded into the convolution before it.

With fixed statistics BatchNorm is y = s x + t per channel, s = gamma / sqrt(variance + epsilon),
t = beta - s mean. A convolution is linear, so s goes into its kernel and t into its bias; that
spares two passes over the activations, which is what a CPU spends most of its time on. Zero padding
in a layer of its own, as Keras' networks have it before a convolution of stride 2, spares another
where it adds what "same" padding would: the convolution then needs no padded copy of its input.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from components.networks.config import Precision

POLICIES: dict[Precision, str] = {"float32": "float32", "bfloat16": "mixed_bfloat16"}

_CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)


def fold_batch_norm(model: keras.Model, *, precision: Precision = "float32") -> keras.Model:
    """Return a copy that answers the same in inference, to the rounding of `precision`.

    Args:
        model: a functional model; left as it is.
        precision: what is computed in; the weights stay float32, and so do the inputs.
    """
    followers = {
        layer.name: follower
        for layer in model.layers
        if (follower := following_norm(layer, model)) is not None
    }
    padded = needless_padding(model)
    absorbed = {follower.name for follower in followers.values()} | set(padded)
    policy = POLICIES[precision]

    def copy_layer(layer: Any) -> Any:
        if layer.name in absorbed:
            return keras.layers.Identity(name=layer.name, dtype=policy)
        config = layer.get_config()
        # What is no layer but a bare operation has no precision of its own.
        if "dtype" in config and precision != "float32":
            config["dtype"] = policy
        if layer.name in followers:
            config["use_bias"] = True
        if layer.name in padded.values():
            config["padding"] = "same"
        return layer.__class__.from_config(config)

    def call_layer(layer: Any, *args: Any, **kwargs: Any) -> Any:
        # BatchNorm was called with a mask, which Identity does not know.
        return layer(*args) if layer.name in absorbed else layer(*args, **kwargs)

    copy = keras.models.clone_model(model, clone_function=copy_layer, call_function=call_layer)
    for layer in model.layers:
        if layer.weights and layer.name not in absorbed:
            norm = followers.get(layer.name)
            values = layer.get_weights() if norm is None else _folded_weights(layer, norm)
            copy.get_layer(layer.name).set_weights(values)
    copy.trainable = False
    return copy


def following_norm(layer: Any, model: keras.Model) -> Any:
    """Return the BatchNorm that alone reads a linear convolution inside the model, or None."""
    if type(layer) not in _CONVOLUTIONS:
        return None
    if (
        layer.data_format != "channels_last"
        or layer.activation is not keras.activations.linear
        or _is_output(layer, model)
    ):
        return None
    reader = _only_reader(layer, model)
    return reader if isinstance(reader, keras.layers.BatchNormalization) else None


def folded(
    layer: Any, norm: Any, *, root: Callable[[Any], Any], read: Callable[[Any], Any] = lambda x: x
) -> tuple[Any, Any]:
    """Return kernel and bias of a convolution and the fixed BatchNorm after it, in one.

    Args:
        layer: a Conv2D or DepthwiseConv2D.
        norm: the BatchNorm.
        root: 1 / sqrt.
        read: what the values of the layers' variables are taken as.
    """
    kernel = read(layer.kernel)
    scale = root(read(norm.moving_variance) + norm.epsilon)
    scale = scale if norm.gamma is None else scale * read(norm.gamma)
    shift = -read(norm.moving_mean) * scale
    shift = shift if norm.beta is None else shift + read(norm.beta)
    shift = shift + read(layer.bias) * scale if layer.use_bias else shift
    # A depthwise kernel is [h, w, channels, multiplier], its outputs channel-major.
    depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
    return kernel * (ops.reshape(scale, kernel.shape[2:]) if depthwise else scale), shift


def _folded_weights(layer: Any, norm: Any) -> list[Any]:
    values = folded(layer, norm, root=lambda square: 1.0 / np.sqrt(square), read=np.asarray)
    return [np.asarray(value) for value in values]


def needless_padding(model: keras.Model) -> dict[str, str]:
    """Return which ZeroPadding2D of a functional model which convolution can do as "same", by name.

    Only where that convolution alone reads it, and adds no padding so far.
    """
    found = {layer.name: _reader_as_same(layer, model) for layer in model.layers}
    return {name: reader.name for name, reader in found.items() if reader is not None}


def _reader_as_same(layer: Any, model: keras.Model) -> Any:
    if type(layer) is not keras.layers.ZeroPadding2D or _is_output(layer, model):
        return None
    reader = _only_reader(layer, model)
    if type(reader) not in _CONVOLUTIONS or reader.padding != "valid":
        return None
    if {layer.data_format, reader.data_format} != {"channels_last"}:
        return None
    sizes = layer._inbound_nodes[0].input_tensors[0].shape[1:3]
    needed = tuple(
        _same(size, kernel=1 + (kernel - 1) * dilation, stride=stride)
        for size, kernel, dilation, stride in zip(
            sizes, reader.kernel_size, reader.dilation_rate, reader.strides, strict=True
        )
    )
    return reader if needed == tuple(tuple(side) for side in layer.padding) else None


def _same(size: int | None, *, kernel: int, stride: int) -> tuple[int, int] | None:
    """Return the zeros that "same" padding puts before and after; None for an unknown size."""
    if size is None:
        return None
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _only_reader(layer: Any, model: keras.Model) -> Any:
    """Return the one operation inside the model that reads a layer, None where there are more."""
    inside = {id(inner): inner for inner in model.operations}
    readers = {id(node.operation) for node in layer._outbound_nodes} & set(inside)
    return inside[readers.pop()] if len(readers) == 1 else None


def _is_output(layer: Any, model: keras.Model) -> bool:
    """Say whether one of the model's outputs is the layer's."""
    return any(output._keras_history.operation is layer for output in model.outputs)
