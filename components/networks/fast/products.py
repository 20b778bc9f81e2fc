"""Gradients of convolutions as matrix products, for processors.

A 1x1 convolution of stride 1 is y = x w over all positions of all pictures, so that dx = dy w^T and
dw = x^T dy. In bfloat16 on matrix units oneDNN took less than half the time over these as products
that it took over them as gradients of a convolution, in float32 hardly less; forward it was the
convolution that was faster.

oneDNN takes the gradient of a depthwise kernel larger than 3 x 3 as if 16 channels were mixed, and
in bfloat16 slower still. Where the map is small, all products of a position of x and a position of
dy are one matrix product a channel, summed over the pictures, and each tap of the kernel is the sum
of those that lie as far apart. At 5 x 5 positions that took a third of the processor time, at
10 x 10 two thirds, the latter in bfloat16 only.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from components.networks.rows import Floats

# Pairs of positions up to which products are faster: 5 x 5 maps; in bfloat16 10 x 10 as well.
_MOST_PAIRS = {"float32": 25**2, "bfloat16": 100**2}
_MOST_STRIDE = 2
_OWN_GRADIENT = 3


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
    """Say whether `convolve_depthwise` does what a layer does with "same" padding, and faster.

    Args:
        layer: any convolution.
        shape: of its input.
        products_in: "float32" or "bfloat16".
    """
    if not _is_plain_depthwise(layer) or layer.strides[0] > _MOST_STRIDE:
        return False
    # oneDNN has gradients of its own for kernels up to 3 x 3.
    odd_and_large = all(side % 2 and side > _OWN_GRADIENT for side in layer.kernel_size)
    pairs = math.prod(
        side * -(-side // stride) if side else math.inf
        for side, stride in zip(shape[1:3], layer.strides, strict=True)
    )
    return odd_and_large and pairs <= _MOST_PAIRS[products_in]


def is_quick_in_bfloat16(layer: Any, shape: tuple[int | None, ...], *, same: bool) -> bool:
    """Say whether all gradients of a convolution that is depthwise are faster in bfloat16.

    Products are; of oneDNN's own gradients those of stride 1, up to 3 x 3.

    Args:
        layer: the convolution.
        shape: of its input.
        same: its padding is "same".
    """
    if same and is_small_depthwise(layer, shape, products_in="bfloat16"):
        return True
    return (
        _is_plain_depthwise(layer)
        and max(layer.kernel_size) <= _OWN_GRADIENT
        and layer.strides[0] == 1
    )


def _is_plain_depthwise(layer: Any) -> bool:
    return (
        isinstance(layer, keras.layers.DepthwiseConv2D)
        and layer.data_format == "channels_last"
        and {*layer.dilation_rate, layer.depth_multiplier} == {1}
        and len({*layer.strides}) == 1
    )


def convolve_depthwise(values: Any, kernel: Any, *, stride: int, products_in: str) -> Any:
    """Return the depthwise convolution with "same" padding.

    Args:
        values: [N, h, w, channels].
        kernel: [odd, odd, channels, 1], of the dtype of the values.
        stride: 1 or 2, both ways.
        products_in: the precision of the products.

    Returns:
        [N, h / stride, w / stride, channels], rounded up.
    """
    high, wide, channels = values.shape[1:]
    axes = [_Axis(side, tap, stride) for side, tap in zip((high, wide), kernel.shape, strict=False)]
    taps = _taps(*axes)

    def by_channel(maps: Any, order: tuple[int, int, int]) -> Any:
        flat = ops.reshape(maps, (-1, maps.shape[1] * maps.shape[2], channels))
        return ops.transpose(ops.cast(flat, products_in), order)

    @ops.custom_gradient
    def convolve(values: Any, kernel: Any) -> Any:
        def gradients(upstream: Any) -> tuple[Any, Any]:
            turned = ops.flip(kernel, axis=(0, 1))
            for_values = ops.depthwise_conv(_spread(upstream, axes), turned, padding="valid")
            pairs = ops.matmul(by_channel(values, (2, 1, 0)), by_channel(upstream, (2, 0, 1)))
            sums = ops.matmul(ops.reshape(pairs, (channels, -1)), ops.cast(taps, products_in))
            for_kernel = ops.reshape(ops.transpose(sums), kernel.shape)
            return for_values, ops.cast(for_kernel, kernel.dtype)

        return ops.depthwise_conv(values, kernel, strides=stride, padding="same"), gradients

    return convolve(values, kernel)


@dataclass(frozen=True)
class _Axis:
    """One of the two axes of a convolution with "same" padding: positions, taps, stride."""

    side: int
    taps: int
    stride: int

    @property
    def out(self) -> int:
        """How many positions the answer has."""
        return -(-self.side // self.stride)

    @property
    def before(self) -> int:
        """How many zeros stand before the first position."""
        return max((self.out - 1) * self.stride + self.taps - self.side, 0) // 2

    @property
    def around(self) -> tuple[int, int]:
        """How many zeros a gradient, spread over the input's positions, has before and behind."""
        before = self.taps - 1 - self.before
        return before, self.side + self.taps - 1 - before - self.out * self.stride


def _spread(upstream: Any, axes: Sequence[_Axis]) -> Any:
    """Return the gradient at its places among the input's positions, zeros between and around."""
    stride = axes[0].stride
    if stride > 1:
        channels, (high, wide) = upstream.shape[-1], (axis.out for axis in axes)
        apart = ops.reshape(upstream, (-1, high, 1, wide, 1, channels))
        apart = ops.pad(apart, [(0, 0), (0, 0), (0, stride - 1), (0, 0), (0, stride - 1), (0, 0)])
        upstream = ops.reshape(apart, (-1, high * stride, wide * stride, channels))
    return ops.pad(upstream, [(0, 0), *(axis.around for axis in axes), (0, 0)])


def _taps(*axes: _Axis) -> Floats:
    """Return which tap of a kernel leads from each position of y to each of x, 1 or 0.

    float32 [positions of x * positions of y, taps].
    """
    down, across = (
        np.arange(axis.side)[:, None, None]
        - axis.stride * np.arange(axis.out)[:, None]
        + axis.before
        == np.arange(axis.taps)
        for axis in axes
    )
    both: Floats = np.einsum("aui,bvj->abuvij", down.astype(np.float32), across.astype(np.float32))
    return both.reshape(math.prod(axis.side * axis.out for axis in axes), -1)


def _by_position(values: Any) -> Any:
    """Return [N, h, w, channels] as [N h w, channels]."""
    return ops.reshape(values, (-1, values.shape[-1]))
