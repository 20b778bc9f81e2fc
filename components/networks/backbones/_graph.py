"""Where a network may be cut, found from the graph of its layers (plain operations included).

A layer is a cut point when all that comes after it sees the picture through it alone: every path
from the input to the output passes it (it dominates the output). Such a layer has all others
before or behind it, in whatever topological order they are listed, so one walk finds them: behind
a cut point, nothing before it is read any more.
"""

from collections.abc import Iterator
from itertools import pairwise
from math import prod
from typing import Any

import keras

# The layer that scales the pixels; a network is not cut before it.
PREPROCESS = "preprocess"

# Share of the multiplications that stays frozen unless a method says otherwise.
FROZEN_SHARE = 2.0 / 3.0

# Behind one of these nothing is finished: BatchNorm or an activation may follow.
_UNFINISHED = (
    keras.layers.InputLayer,
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
    keras.layers.Rescaling,
    keras.layers.Normalization,
    keras.layers.ZeroPadding2D,
    keras.layers.Dropout,
)
# What may follow where something is finished. A BatchNorm or activation there belongs to the next
# block (pre-activation networks).
_GOES_ON = (keras.layers.ReLU, keras.layers.Activation, keras.layers.BatchNormalization)


def cut_points(model: keras.Model) -> tuple[str, ...]:
    """Return the cut points of a backbone, shallow to deep.

    Of the layers that everything passes, those are left out after which the next one is smaller:
    cutting there would take more memory and save less work. So are raw convolutions, whose
    BatchNorm could not be folded, and the last layer, behind which nothing is left to tune.
    """
    names = [operation.name for operation in model.operations]
    outside = set(names[: names.index(PREPROCESS) + 1])
    passed = [x for x in _dominators(model) if x.name not in outside and _is_finished(x)]
    kept = [a.name for a, b in pairwise(passed) if _volume(a) <= _volume(b)]
    # Where each block reads the two before it (NASNet), only the stem is left.
    return tuple(kept or [layer.name for layer in passed[:-1]])


def default_cut(model: keras.Model, points: tuple[str, ...]) -> str:
    """Return the cut point whose frozen share of the work is nearest to `FROZEN_SHARE`."""
    done: dict[str, float] = {}
    total = 0.0
    for layer in model.operations:
        total += _multiplications(layer)
        done[layer.name] = total
    return min(points, key=lambda name: abs(done[name] - FROZEN_SHARE * total))


def stage_ends(model: keras.Model, *, count: int) -> tuple[str, ...]:
    """Return the last layer of each of the `count` coarsest resolutions, shallow to deep."""
    ends: dict[tuple[int, ...], str] = {}
    for layer in _dominators(model):
        if _is_finished(layer):
            ends[tuple(layer.output.shape[1:-1])] = layer.name
    return tuple(ends.values())[-count:]


def _dominators(model: keras.Model) -> Iterator[Any]:
    """Yield the layers that every path from input to output passes."""
    inside = {id(layer) for layer in model.operations}
    unread: dict[int, int] = {}
    for layer in model.operations:
        for source in _sources(layer):
            unread[id(source)] -= 1
            if not unread[id(source)]:
                del unread[id(source)]
        unread[id(layer)] = sum(id(reader) in inside for reader in _readers(layer))
        if len(unread) == 1:
            yield layer


def _sources(layer: Any) -> list[Any]:
    tensors = layer._inbound_nodes[0].input_tensors
    return [tensor._keras_history.operation for tensor in tensors]


def _readers(layer: Any) -> list[Any]:
    """Return who reads the layer, once for each tensor read."""
    return [
        node.operation
        for node in layer._outbound_nodes
        for tensor in node.input_tensors
        if tensor._keras_history.operation is layer
    ]


def _is_finished(layer: Any) -> bool:
    if isinstance(layer, _UNFINISHED):
        # A convolution with an activation of its own is.
        linear = keras.activations.linear
        return isinstance(layer, keras.layers.Conv2D) and layer.activation is not linear
    readers = _readers(layer)
    return not (len(readers) == 1 and isinstance(readers[0], _GOES_ON))


def _volume(layer: Any) -> int:
    return prod(int(size) for size in layer.output.shape[1:])


def _multiplications(layer: Any) -> float:
    """Return about how many multiplications a layer takes for one picture."""
    weights = getattr(layer, "weights", ())
    kernels = sum(prod(weight.shape) for weight in weights if len(weight.shape) > 1)
    return float(kernels * prod(int(size) for size in layer.output.shape[1:-1]))
