"""Bodies of `:predict` -> named inputs.

A value is never cast to another type: what the signature does not take is refused, with TensorFlow
Serving's words where a client can act on them.
"""

import base64
import binascii
import itertools
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from serving.protocol.status import Code, StatusError, invalid_argument

Array = np.ndarray[Any, Any]
_LONGEST_QUOTE = 512
_KINDS: dict[str, set[type]] = {
    "f": {int, float},
    "i": {int},
    "u": {int},
    "b": {bool},
    "O": {str, dict},
}


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body; NaN and Infinity are numbers, as Python writes them.

    Raises:
        StatusError: INVALID_ARGUMENT.
    """
    if not body.strip():
        raise invalid_argument("JSON Parse error: The document is empty")
    try:
        document = json.loads(body)
    except RecursionError:
        raise invalid_argument("JSON Parse error: Nesting is too deep") from None
    except ValueError as error:
        raise invalid_argument(f"JSON Parse error: {error}") from None
    if not isinstance(document, dict):
        raise invalid_argument(f"JSON Value: {_quoted(document)} Is not object")
    return document


def parse_inputs(
    document: Mapping[str, Any], dtypes: Mapping[str, int]
) -> tuple[dict[str, Array], bool]:
    """Read `instances` (by row) or `inputs` (by column) of a predict body.

    Args:
        document: the parsed body.
        dtypes: DataType number of each input of the signature.

    Returns:
        Value of each input, and whether they came by row: so is the answer.

    Raises:
        StatusError: INVALID_ARGUMENT as a rule, UNIMPLEMENTED for types JSON cannot carry.
    """
    if "instances" in document and "inputs" in document:
        raise invalid_argument(
            "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist"
        )
    if "instances" in document:
        values = _rows(document["instances"], dtypes)
    elif "inputs" in document:
        values = _columns(document["inputs"], dtypes)
    else:
        raise invalid_argument("Missing 'inputs' or 'instances' key")
    arrays = {name: to_array(values[name], dtype) for name, dtype in dtypes.items()}
    return arrays, "instances" in document


def _columns(value: Any, inputs: Mapping[str, int]) -> Mapping[str, Any]:
    if not _is_object(value):
        if len(inputs) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple input tensors "
                "required as per tensorinfo_map"
            )
        value = {next(iter(inputs)): value}
    for name in inputs:
        if name not in value:
            raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
    return dict(value)


def _rows(rows: Any, inputs: Mapping[str, int]) -> Mapping[str, Any]:
    if not isinstance(rows, list):
        raise invalid_argument("Excepting 'instances' to be an list/array")
    if not rows:
        raise invalid_argument("No values in 'instances' array")
    named = _is_object(rows[0])
    if not named and len(inputs) > 1:
        raise invalid_argument(
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map"
        )
    for index, row in enumerate(rows):
        if named and not _is_object(row):
            raise invalid_argument(f"Expecting object but got list at item {index} of input list")
        if not named and _is_object(row):
            raise invalid_argument(
                f"Expecting value/list but got object at item {index} of input list"
            )
        if named and set(row) != set(inputs):
            raise invalid_argument(
                f"Failed to process element: {index} of 'instances' list. JSON object: "
                f"{_quoted(row)} keys must be equal to: {','.join(inputs)}"
            )
    return {name: [row[name] for row in rows] if named else rows for name in inputs}


def to_array(value: Any, dtype: int) -> Array:
    """Convert a scalar or nested lists to an array of a DataType number.

    Raises:
        StatusError: INVALID_ARGUMENT: ragged lists, another type, a number that does not fit;
            UNIMPLEMENTED: a type that JSON cannot carry.
    """
    kind = _numpy_type(dtype)
    leaves, shape = _flatten(value)
    if kind.kind not in _KINDS or (kind.kind == "f" and kind.itemsize < 4):
        raise StatusError(
            Code.UNIMPLEMENTED, f"Conversion of JSON Value: {_quoted(value)} to type: {kind.name}"
        )
    if not set(map(type, leaves)) <= _KINDS[kind.kind]:
        wrong = next(leaf for leaf in leaves if type(leaf) not in _KINDS[kind.kind])
        raise _wrong_type(wrong, kind)
    if kind.kind == "O":
        array = np.empty(len(leaves), object)
        array[:] = [leaf.encode() if isinstance(leaf, str) else _decode(leaf) for leaf in leaves]
        return array.reshape(shape)
    return _numbers(leaves, kind).reshape(shape)


def _numbers(leaves: list[Any], kind: "np.dtype[Any]") -> Array:
    try:
        if kind.kind != "f":
            return np.array(leaves, kind)
        wide = np.array(leaves, np.float64)
    except OverflowError:
        raise _wrong_type(max(leaves, key=abs), kind) from None
    with np.errstate(over="ignore"):
        array = wide.astype(kind)
    exact = 2 ** (np.finfo(kind).nmant + 1) - 1
    lost = [leaf for leaf in leaves if type(leaf) is int and abs(leaf) > exact]
    lost += wide[np.isinf(array) & np.isfinite(wide)].tolist()
    if lost:
        raise invalid_argument(
            f"Cannot convert JSON value: {lost[0]} to {kind.name} without loss of precision."
        )
    return array


def _flatten(value: Any) -> tuple[list[Any], list[int]]:
    """Return the leaves of nested lists in row-major order, and the shape."""
    shape: list[int] = []
    leaves = [value]
    while leaves and isinstance(leaves[0], list):
        size = len(leaves[0])
        for item in leaves:
            if not isinstance(item, list) or len(item) != size:
                found = len(item) if isinstance(item, list) else "no list"
                raise invalid_argument(
                    f"Encountered list at unexpected size: {found} at level: {len(shape)} "
                    f"expected size: {size}"
                )
        shape.append(size)
        leaves = list(itertools.chain.from_iterable(leaves))
    return leaves, shape


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not _is_base64(value)


def _is_base64(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def _decode(value: dict[str, Any]) -> bytes:
    """Return the bytes of `{"b64": "<text>"}`; the padding may be missing."""
    if not _is_base64(value):
        raise invalid_argument(
            f"JSON Value: {_quoted(value)} not formatted correctly for base64 data"
        )
    text = "".join(value["b64"].split()).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise invalid_argument("Unable to base64 decode") from None


@cache
def _numpy_type(dtype: int) -> "np.dtype[Any]":
    import tensorflow as tf

    kind: np.dtype[Any] = np.dtype(tf.dtypes.as_dtype(dtype).as_numpy_dtype)
    return kind


def _wrong_type(value: Any, kind: "np.dtype[Any]") -> StatusError:
    name = "string" if kind.kind == "O" else kind.name
    return invalid_argument(f"JSON Value: {_quoted(value)} is not of expected type: {name}")


def _quoted(value: Any) -> str:
    """Return a JSON value for an error message, shortened: bodies may be 20 MB."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "..."
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "..."
