"""Gradients of convolutions as matrix products, for processors.

A 1x1 convolution of stride 1 is y = x w over all positions of all pictures, so that dx = dy w^T and
dw = x^T dy. In bfloat16 on matrix units oneDNN took less than half the time over these as products
that it took over them as gradients of a convolution, in float32 hardly less; forward it was the
convolution that was faster.

oneDNN takes the kernel's gradient of a depthwise convolution as if 16 channels were mixed. Where
the map is small, all products of a position of x and a position of dy are one matrix product a
channel, summed over the pictures, and each tap of the kernel is the sum of those that lie as far
apart. At 5 x 5 positions that took a third of the processor time, at 10 x 10 two thirds, the
latter in bfloat16 only.
"""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from components.networks.rows import Floats

# Pairs of positions up to which products are faster: 5 x 5 maps; in bfloat16 10 x 10 as well.
_MOST_PAIRS = {"float32": 25**2, "bfloat16": 100**2}


def is_pointwise(layer: Any) -> bool:
    """Say whether a channels-last Conv2D is a matrix product over the positions."""
    ones = (1, 1)
    return tuple(layer.kernel_size) == ones == tuple(layer.strides) and layer.groups == 1


def convolve_pointwise(layer: Any, values: Any, kernel: Any) -> Any:
    """Return what the layer's convolution does, without bias and activation.

    Args:
        layer: the Conv2D whose convolution it is; its own kernel is not used.
        values: [N, h, w, channels].
        kernel: [1, 1, channels, filters], of the dtype of the values.

    Returns:
        [N, h, w, filters].
    """

    @ops.custom_gradient
    def convolve(values: Any, kernel: Any) -> Any:
        def gradients(upstream: Any) -> tuple[Any, Any]:
            given = _by_position(upstream)
            for_values = ops.matmul(given, ops.transpose(ops.reshape(kernel, kernel.shape[2:])))
            for_kernel = ops.matmul(ops.transpose(_by_position(values)), given)
            return ops.reshape(for_values, ops.shape(values)), ops.reshape(for_kernel, kernel.shape)

        return layer.convolution_op(values, kernel), gradients

    return convolve(values, kernel)


def is_small_depthwise(layer: Any, shape: tuple[int | None, ...], *, products_in: str) -> bool:
    """Say whether `convolve_depthwise` does what a layer does, and faster.

    Args:
        layer: any convolution.
        shape: of its input.
        products_in: "float32" or "bfloat16".
    """
    if not isinstance(layer, keras.layers.DepthwiseConv2D) or layer.data_format != "channels_last":
        return False
    plain = {*layer.strides, *layer.dilation_rate, layer.depth_multiplier} == {1}
    odd = all(side % 2 for side in layer.kernel_size)
    positions = math.prod(side or math.inf for side in shape[1:3])
    small = positions**2 <= _MOST_PAIRS[products_in]
    return plain and odd and small and bool(layer.padding == "same")


def convolve_depthwise(values: Any, kernel: Any, *, products_in: str) -> Any:
    """Return the depthwise convolution of stride 1 with "same" padding.

    Args:
        values: [N, h, w, channels].
        kernel: [odd, odd, channels, 1], of the dtype of the values.
        products_in: the precision of the products.

    Returns:
        [N, h, w, channels].
    """
    high, wide, channels = values.shape[1:]
    taps = _taps((high, wide), kernel.shape[:2])

    def by_channel(maps: Any, axes: tuple[int, int, int]) -> Any:
        flat = ops.reshape(maps, (-1, high * wide, channels))
        return ops.transpose(ops.cast(flat, products_in), axes)

    @ops.custom_gradient
    def convolve(values: Any, kernel: Any) -> Any:
        def gradients(upstream: Any) -> tuple[Any, Any]:
            turned = ops.flip(kernel, axis=(0, 1))
            for_values = ops.depthwise_conv(upstream, turned, padding="same")
            pairs = ops.matmul(by_channel(values, (2, 1, 0)), by_channel(upstream, (2, 0, 1)))
            sums = ops.matmul(ops.reshape(pairs, (channels, -1)), ops.cast(taps, products_in))
            for_kernel = ops.reshape(ops.transpose(sums), kernel.shape)
            return for_values, ops.cast(for_kernel, kernel.dtype)

        return ops.depthwise_conv(values, kernel, padding="same"), gradients

    return convolve(values, kernel)


def _taps(sides: tuple[int, int], kernel: tuple[int, int]) -> Floats:
    """Return which tap of a kernel leads from each position of y to each of x, 1 or 0.

    float32 [positions of x * positions of y, taps].
    """
    down, across = (
        np.arange(side)[:, None, None] - np.arange(side)[:, None] + taps // 2 == np.arange(taps)
        for side, taps in zip(sides, kernel, strict=True)
    )
    both: Floats = np.einsum("aui,bvj->abuvij", down.astype(np.float32), across.astype(np.float32))
    return both.reshape(math.prod(sides) ** 2, -1)


def _by_position(values: Any) -> Any:
    """Return [N, h, w, channels] as [N h w, channels]."""
    return ops.reshape(values, (-1, values.shape[-1]))
