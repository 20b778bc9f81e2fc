"""Who reads whom in a functional model."""

from typing import Any

import keras


def only_reader(layer: Any, model: keras.Model) -> Any:
    """Return the one operation inside the model that reads a layer, None where there are more."""
    inside = {id(inner): inner for inner in model.operations}
    readers = {id(node.operation) for node in layer._outbound_nodes} & set(inside)
    return inside[readers.pop()] if len(readers) == 1 else None


def source_name(layer: Any) -> str:
    """Return the name of the one layer that a layer reads, "" when there are several."""
    tensors = layer._inbound_nodes[0].input_tensors
    return str(tensors[0]._keras_history.operation.name) if len(tensors) == 1 else ""


def is_output(layer: Any, model: keras.Model) -> bool:
    """Say whether one of the model's outputs is the layer's."""
    return any(output._keras_history.operation is layer for output in model.outputs)
