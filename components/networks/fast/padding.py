"""Zero padding that the convolution after it can do itself.

Keras' networks pad in a layer of its own before a convolution of stride 2. Where it adds what
"same" padding would, the convolution needs no padded copy of its input.
"""

from typing import Any

import keras

from components.networks.fast.graph import is_output, only_reader

_CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)


def needless_padding(model: keras.Model) -> dict[str, str]:
    """Return which ZeroPadding2D of a functional model which convolution can do as "same", by name.

    Only where that convolution alone reads it, and adds no padding so far.
    """
    found = {layer.name: _reader_as_same(layer, model) for layer in model.layers}
    return {name: reader.name for name, reader in found.items() if reader is not None}


def _reader_as_same(layer: Any, model: keras.Model) -> Any:
    if type(layer) is not keras.layers.ZeroPadding2D or is_output(layer, model):
        return None
    reader = only_reader(layer, model)
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
