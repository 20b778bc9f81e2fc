"""Outputs of a model -> the JSON body of a predict answer."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from serving.protocol.status import invalid_argument

Array = np.ndarray[Any, Any]


def predict_body(outputs: Mapping[str, Array], *, by_row: bool) -> bytes:
    """Return the body of a predict answer, in rows or columns as the request was.

    A single output comes without its name. A float is written as the shortest decimal that reads
    back as the same number of its type.

    Raises:
        StatusError: INVALID_ARGUMENT; a type JSON cannot carry, or outputs that cannot be cut
            into rows.
    """
    if by_row:
        _check_rows(outputs)
    values = {name: _values(name, array) for name, array in outputs.items()}
    if len(values) == 1:
        (content,) = values.values()
    elif by_row:
        rows = zip(*values.values(), strict=True)
        content = [dict(zip(values, row, strict=True)) for row in rows]
    else:
        content = values
    return json.dumps({"predictions" if by_row else "outputs": content}).encode()


def _check_rows(outputs: Mapping[str, Array]) -> None:
    sizes: set[int] = set()
    for name, array in outputs.items():
        if array.ndim == 0:
            raise invalid_argument(f"Tensor name: {name} has no shape information ")
        sizes.add(array.shape[0])
        if len(sizes) > 1:
            raise invalid_argument(
                f"Tensor name: {name} has inconsistent batch size: {array.shape[0]}"
            )


def _values(name: str, array: Array) -> Any:
    kind = array.dtype
    if kind.kind == "O":
        items = np.empty(array.size, object)
        if name.endswith("_bytes"):
            items[:] = [{"b64": base64.b64encode(item).decode()} for item in array.ravel()]
        else:
            items[:] = [item.decode("utf-8", "replace") for item in array.ravel()]
        return items.reshape(array.shape).tolist()
    if kind == np.float32:
        # The shortest decimal of a float32, which as a double would show digits it does not have.
        array = array.astype(str).astype(np.float64)
    elif kind.kind not in "biu" and kind != np.float64:
        raise invalid_argument(f"Failed to write JSON value for tensor type: {kind.name}")
    return array.tolist()
