"""1x1 convolutions whose gradients are matrix products.

A 1x1 convolution with stride 1 is y = x w over all positions of all pictures, so that its
gradients are dx = dy w^T and dw = x^T dy. In bfloat16 on matrix units oneDNN took less than half
the time over these as products that it took over them as gradients of a convolution, in float32
hardly less; forward it was the convolution that was faster.
"""

from typing import Any

from keras import ops


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
            told = _by_position(upstream)
            for_values = ops.matmul(told, ops.transpose(ops.reshape(kernel, kernel.shape[2:])))
            for_kernel = ops.matmul(ops.transpose(_by_position(values)), told)
            return ops.reshape(for_values, ops.shape(values)), ops.reshape(for_kernel, kernel.shape)

        return layer.convolution_op(values, kernel), gradients

    return convolve(values, kernel)


def _by_position(values: Any) -> Any:
    """Return [N, h, w, channels] as [N h w, channels]."""
    return ops.reshape(values, (-1, values.shape[-1]))
