"""A faster copy of a frozen network: BatchNorm folded into the convolution before it.

With fixed statistics BatchNorm is y = s x + t per channel, s = gamma / sqrt(variance + epsilon),
t = beta - s mean. A convolution is linear, so s goes into its kernel and t into its bias; that
spares two passes over the activations, which is what a CPU spends most of its time on. Padding
that a convolution can do itself (see `padding`) spares another.
"""

from typing import Any, Literal

import keras
import numpy as np

from components.networks.fast.graph import is_output, only_reader
from components.networks.fast.padding import needless_padding

Precision = Literal["float32", "bfloat16"]
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


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
    if type(layer) not in {keras.layers.Conv2D, keras.layers.DepthwiseConv2D}:
        return None
    if (
        layer.data_format != "channels_last"
        or layer.activation is not keras.activations.linear
        or is_output(layer, model)
    ):
        return None
    reader = only_reader(layer, model)
    return reader if isinstance(reader, keras.layers.BatchNormalization) else None


def _folded_weights(layer: Any, norm: Any) -> list[Any]:
    kernel, *rest = layer.get_weights()
    mean, variance = (np.asarray(v) for v in (norm.moving_mean, norm.moving_variance))
    scale = 1.0 / np.sqrt(variance + norm.epsilon)
    if norm.gamma is not None:
        scale = scale * np.asarray(norm.gamma)
    shift = -mean * scale
    if norm.beta is not None:
        shift = shift + np.asarray(norm.beta)
    bias = rest[0] * scale + shift if rest else shift
    depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
    # A depthwise kernel is [h, w, channels, multiplier], its outputs channel-major.
    factors = scale.reshape(kernel.shape[2:]) if depthwise else scale
    return [kernel * factors, bias]
