"""The ONNX form of the network as a PyTorch module, for the arm of `benchmarks.forward`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch.nn import functional

Values = dict[str, Any]


def module_of(path: Path, *, dtype: torch.dtype) -> torch.nn.Module:
    """Return the network: pixels [N, 3, S, S] to logits, the second output of the file.

    Raises:
        KeyError: it has an operation that is not known here.
    """
    return _Network(onnx.load(str(path)).graph, dtype)


class _Network(torch.nn.Module):
    """Does what each node says; tracing leaves only the calls."""

    def __init__(self, graph: Any, dtype: torch.dtype) -> None:
        super().__init__()
        self._input, self._output = graph.input[0].name, graph.output[1].name
        self._constants: Values = {}
        for one in graph.initializer:
            value = torch.from_numpy(numpy_helper.to_array(one).copy())
            if value.is_floating_point():
                value = value.to(dtype)
            if value.dim() == 4:
                value = value.contiguous(memory_format=torch.channels_last)
            self._constants[one.name] = value
        self._steps = [
            (_OPERATIONS[node.op_type], list(node.input), node.output[0], _attributes(node))
            for node in graph.node
        ]

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        values: Values = {**self._constants, self._input: pixels}
        for operation, inputs, output, attributes in self._steps:
            values[output] = operation([values[name] for name in inputs], attributes)
        logits: torch.Tensor = values[self._output]
        return logits


def _attributes(node: Any) -> dict[str, Any]:
    return {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}


def _convolution(inputs: list[Any], given: dict[str, Any]) -> Any:
    values, kernel, *bias = inputs
    strides, sizes = given.get("strides", [1, 1]), kernel.shape[2:]
    if given.get("auto_pad", b"NOTSET") == b"SAME_UPPER":
        totals = [
            max((-(-size // stride) - 1) * stride + side - size, 0)
            for size, stride, side in zip(values.shape[2:], strides, sizes, strict=True)
        ]
        pads = [t // 2 for t in totals] + [t - t // 2 for t in totals]
    else:
        pads = given.get("pads", [0, 0, 0, 0])
    top, left, bottom, right = pads
    if (top, left) != (bottom, right):
        values = functional.pad(values, (left, right, top, bottom))
        top = left = 0
    return functional.conv2d(
        values,
        kernel,
        bias[0] if bias else None,
        stride=tuple(strides),
        padding=(top, left),
        groups=given.get("group", 1),
    )


_OPERATIONS: dict[str, Callable[[list[Any], dict[str, Any]], Any]] = {
    "Add": lambda x, _: x[0] + x[1],
    "Clip": lambda x, _: functional.hardtanh(x[0], float(x[1]), float(x[2])),
    "Concat": lambda x, given: torch.cat(x, given["axis"]),
    "Conv": _convolution,
    "GlobalMaxPool": lambda x, _: torch.amax(x[0], (2, 3), keepdim=True),
    "MatMul": lambda x, _: x[0] @ x[1],
    "Mul": lambda x, _: x[0] * x[1],
    "Squeeze": lambda x, _: x[0].flatten(1),
    # The file turns [N, S, S, 3] to what torch is given.
    "Transpose": lambda x, _: x[0],
}
