"""The same network, trained faster: fixed BatchNorm inside convolutions, bfloat16 where it pays.

With fixed statistics BatchNorm is y = s x + t per channel (see `folding`), so that it makes one
convolution with the one before it, of kernel s w and bias t. Here w stays what is trained: the
gradient reaches it through s w, and each step is the one that the unfolded network makes, to
rounding. It spares four passes over the activations. Padding that convolutions can do themselves
is left to them.

Where there is no GPU gradients are taken as matrix products where these are faster, see `products`.

A processor with bfloat16 dot products multiplies twice as fast in it. Weights, sums between blocks
and the optimiser stay float32. So do depthwise convolutions whose gradients oneDNN takes slowly in
bfloat16. On a GPU all that follows a convolution is bfloat16, sums between blocks included,
up to the pooling over the picture. The values are tested on a processor; that it is faster on a GPU
is its makers' word and was not measured.
"""

from typing import Any

import keras
from keras import ops

from components.networks.config import Precision
from components.networks.fast.folding import POLICIES, folded, following_norm, needless_padding
from components.networks.fast.products import (
    convolve_depthwise,
    convolve_pointwise,
    is_pointwise,
    is_quick_in_bfloat16,
    is_small_depthwise,
)
from components.networks.network import as_fed

# Where numbers become features: pooled over many positions, and what leaves the network.
_AT_THE_EDGE = (
    keras.layers.InputLayer,
    keras.layers.Flatten,
    keras.layers.GlobalAveragePooling1D,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalMaxPooling1D,
    keras.layers.GlobalMaxPooling2D,
)


def quickened(
    model: keras.Model, *, precision: Precision = "float32", on_gpu: bool = False
) -> keras.Model:
    """Return a model over the same variables that answers the same and trains faster.

    Training it trains `model`: no weight is copied. BatchNorm that is itself trained stays.

    Args:
        model: a functional model; its graph is left as it is.
        precision: what dense convolutions are computed in.
        on_gpu: also depthwise ones and what lies between, see above.
    """
    norms = {
        layer.name: norm
        for layer in model.layers
        if (norm := following_norm(layer, model)) is not None and not norm.trainable
    }
    inside = {norm.name for norm in norms.values()}
    needless = needless_padding(model)
    reduced: set[str] = set()
    if precision == "bfloat16":
        reduced = (
            _reduced_on_gpu(model, inside) if on_gpu else _reduced(model, inside, set(needless))
        )
    ours = norms.keys() | reduced
    padded = {pad: name for pad, name in needless.items() if name in ours}
    absorbed = inside | set(padded)

    def copy_layer(layer: Any) -> Any:
        if not isinstance(layer, keras.Layer):
            return layer.__class__.from_config(layer.get_config())
        policy = POLICIES[precision] if layer.name in reduced else layer.dtype_policy
        if layer.name in absorbed:
            return keras.layers.Identity(name=layer.name, dtype=policy)
        if layer.name in norms or (layer.name in reduced and layer.weights):
            return _Convolution(
                layer,
                norms.get(layer.name),
                padding="same" if layer.name in padded.values() else layer.padding,
                reduced=layer.name in reduced,
                products_in="" if on_gpu else precision,
            )
        if layer.variables:
            # More than weights: the state of a random layer belongs to what a checkpoint keeps.
            return _Borrowed(layer)
        return layer.__class__.from_config(layer.get_config() | {"dtype": policy})

    def call_layer(layer: Any, *args: Any, **kwargs: Any) -> Any:
        # BatchNorm was called with a mask, which Identity does not know.
        return layer(*args) if layer.name in absorbed else layer(*args, **kwargs)

    # Cloning a compiled model would also copy its optimiser.
    bare = keras.Model(as_fed(model.inputs), as_fed(model.outputs))
    return keras.models.clone_model(bare, clone_function=copy_layer, call_function=call_layer)


class _Borrowed(keras.layers.Layer):
    """Another model's layer, called without becoming part of a second graph."""

    def __init__(self, layer: Any) -> None:
        super().__init__(name=layer.name, dtype=layer.dtype_policy)
        self.layer = layer

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Do as the layer does."""
        return self.layer(*args, **kwargs)


class _Convolution(keras.layers.Layer):
    """Another model's Conv2D or DepthwiseConv2D and the fixed BatchNorm after it, in one.

    float32 in; float32 out, or bfloat16 where `reduced`. `products_in` is the precision of
    gradients that are matrix products; "" takes none so.
    """

    def __init__(
        self, layer: Any, norm: Any, *, padding: str, reduced: bool, products_in: str
    ) -> None:
        # No autocast: inputs come as they are, and the scaled kernel is rounded but once.
        super().__init__(name=layer.name, dtype="float32", autocast=False)
        self.layer = layer
        self.norm = norm
        self._padding = padding
        self._computed_in = "bfloat16" if reduced else "float32"
        self._products_in = products_in

    def call(self, inputs: Any) -> Any:
        """Return the activations, [N, h, w, channels]."""
        layer = self.layer
        if self.norm is None:
            kernel, bias = layer.kernel, layer.bias if layer.use_bias else None
        else:
            kernel, bias = folded(layer, self.norm, root=ops.rsqrt)
        values = ops.cast(inputs, self._computed_in)
        kernel = ops.cast(kernel, self._computed_in)
        depthwise, products_in = _is_depthwise(layer), self._products_in
        if products_in and not depthwise and is_pointwise(layer):
            values = convolve_pointwise(layer, values, kernel)
        elif (
            products_in
            and self._padding == "same"
            and is_small_depthwise(layer, values.shape, products_in=products_in)
        ):
            values = convolve_depthwise(
                values, kernel, stride=layer.strides[0], products_in=products_in
            )
        else:
            convolve = ops.depthwise_conv if depthwise else ops.conv
            values = convolve(
                values,
                kernel,
                strides=layer.strides,
                padding=self._padding,
                data_format=layer.data_format,
                dilation_rate=layer.dilation_rate,
            )
        if bias is not None:
            values = values + ops.cast(bias, self._computed_in)
        return layer.activation(values)


def _reduced(model: keras.Model, inside: set[str], needless: set[str]) -> set[str]:
    """Return the names of quick convolutions, and of norms, ReLUs and padding that read them."""
    names: set[str] = set()
    for layer in model.layers:
        follows = layer.name in inside | needless or isinstance(layer, keras.layers.ReLU)
        quick = _is_dense(layer)
        if _is_depthwise(layer):
            same = layer.padding == "same" or bool(_read_by(layer) & needless)
            quick = is_quick_in_bfloat16(layer, layer.input.shape, same=same)
        if quick or (follows and _read_by(layer) <= names):
            names.add(layer.name)
    return names


def _reduced_on_gpu(model: keras.Model, inside: set[str]) -> set[str]:
    """Return the names of convolutions and of all without weights that reads nothing else."""
    names: set[str] = set()
    for layer in model.layers:
        plain = layer.name in inside or not (layer.variables or isinstance(layer, _AT_THE_EDGE))
        sources = _read_by(layer)
        if _is_dense(layer) or _is_depthwise(layer) or (plain and sources and sources <= names):
            names.add(layer.name)
    return names


def _read_by(layer: Any) -> set[str]:
    """Return the names of the layers that a layer reads."""
    return {x._keras_history.operation.name for x in layer._inbound_nodes[0].input_tensors}


def _is_dense(layer: Any) -> bool:
    return type(layer) is keras.layers.Conv2D and layer.data_format == "channels_last"


def _is_depthwise(layer: Any) -> bool:
    return isinstance(layer, keras.layers.DepthwiseConv2D)
