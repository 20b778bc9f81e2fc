"""One JSON value -> numpy, with the checks and texts of util/json_tensor.cc.

Well-formed values are converted at C speed; anything else is walked element by element, which
finds the error that the original would report.
"""

import base64
import binascii
import itertools
import math
from typing import Any

import numpy as np

from serving.protocol.status import Code, StatusError, invalid_argument
from serving.server.graph.tensors import numpy_type, type_name
from serving.server.json_parse import NonFinite, brief

Array = np.ndarray[Any, Any]

_STRING, _BOOL = 7, 10
_FLOATS = {1: (2**24 - 1, float(np.finfo(np.float32).max)), 2: (2**53 - 1, math.inf)}
_INTEGERS = {
    3: (-(2**31), 2**31 - 1),
    4: (-(2**31), 2**31 - 1),
    5: (-(2**31), 2**31 - 1),
    6: (-(2**31), 2**31 - 1),
    9: (-(2**63), 2**63 - 1),
    22: (0, 2**32 - 1),
    23: (0, 2**64 - 1),
}
_INT64, _UINT64_MAX = -(2**63), 2**64 - 1


def is_base64(value: Any) -> bool:
    """Return whether a JSON value is `{"b64": "<text>"}` and nothing else."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def decode_base64(value: Any) -> bytes:
    """Return the bytes of a `{"b64": ...}` object; the padding may be missing.

    Raises:
        StatusError: INVALID_ARGUMENT.
    """
    if not is_base64(value):
        raise invalid_argument(
            f"JSON Value: {brief(value)} not formatted correctly for base64 data"
        )
    text = "".join(value["b64"].split())
    bare = text.rstrip("=")
    padded = bare + "=" * (-len(bare) % 4)
    wrong_padding = len(text) != len(bare) and len(text) != len(padded)
    try:
        if wrong_padding:
            raise ValueError
        return base64.b64decode(padded, validate=True)
    except (binascii.Error, ValueError):
        raise invalid_argument("Unable to base64 decode") from None


def to_array(value: Any, dtype: int) -> Array:
    """Convert a scalar or nested lists; the shape is that of the first elements.

    Raises:
        StatusError: see `slow_array`.
    """
    fast = fast_array(value, dtype)
    return fast if fast is not None else slow_array(value, dtype)


def _shape(value: Any) -> list[int]:
    shape: list[int] = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return shape


def fast_array(value: Any, dtype: int) -> Array | None:
    """Convert a well-formed value at C speed; None means: look closely."""
    shape = _shape(value)
    flat: list[Any] = [value]
    for size in shape:
        if set(map(type, flat)) != {list} or set(map(len, flat)) != {size}:
            return None
        flat = list(itertools.chain.from_iterable(flat))
        if not flat:
            return None
    kinds = set(map(type, flat))
    if dtype == _STRING:
        return _fast_strings(flat, kinds, shape)
    if dtype == _BOOL:
        return np.array(flat, np.bool_).reshape(shape) if kinds == {bool} else None
    if dtype in _INTEGERS:
        return _fast_integers(flat, kinds, dtype, shape)
    return _fast_floats(flat, kinds, dtype, shape) if dtype in _FLOATS else None


def _fast_strings(flat: list[Any], kinds: set[type], shape: list[int]) -> Array | None:
    if not kinds <= {str, dict}:
        return None
    out = np.empty(len(flat), object)
    out[:] = [decode_base64(item) if isinstance(item, dict) else _encode(item) for item in flat]
    return out.reshape(shape)


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _fast_integers(flat: list[Any], kinds: set[type], dtype: int, shape: list[int]) -> Array | None:
    low, high = _INTEGERS[dtype]
    if kinds != {int} or min(flat) < low or max(flat) > high:
        return None
    wide = np.uint64 if dtype == 23 else np.int64
    return np.array(flat, wide).astype(numpy_type(dtype)).reshape(shape)


def _fast_floats(flat: list[Any], kinds: set[type], dtype: int, shape: list[int]) -> Array | None:
    if not kinds <= {int, float, NonFinite}:
        return None
    if int in kinds and any(not _integer_fits(item, dtype) for item in flat if type(item) is int):
        return None
    wide = np.array(flat, np.float64)
    infinite = np.isinf(wide)
    if infinite.any() and any(type(flat[index]) is float for index in np.flatnonzero(infinite)):
        return None
    limit = _FLOATS[dtype][1]
    if np.any(np.abs(wide[~infinite]) > limit):
        return None
    return wide.astype(numpy_type(dtype)).reshape(shape)


def _integer_fits(value: int, dtype: int) -> bool:
    exact, limit = _FLOATS[dtype]
    if _INT64 <= value <= _UINT64_MAX:
        return abs(value) <= exact
    # Beyond 64 bits RapidJSON reads a double.
    return abs(value) <= limit


def slow_array(value: Any, dtype: int) -> Array:
    """Convert element by element.

    Raises:
        StatusError: INVALID_ARGUMENT, or UNIMPLEMENTED for types that JSON cannot carry.
    """
    shape = _shape(value)
    leaves: list[Any] = []
    _walk(value, 0, shape, dtype, leaves)
    kind = object if dtype == _STRING else numpy_type(dtype)
    out = np.empty(len(leaves), kind)
    if dtype in _INTEGERS and dtype != 23:
        out[:] = np.array(leaves, np.int64).astype(kind)
    else:
        out[:] = leaves
    return out.reshape(shape)


def _walk(value: Any, level: int, shape: list[int], dtype: int, leaves: list[Any]) -> None:
    rank = len(shape)
    if not isinstance(value, list):
        if level != rank:
            raise invalid_argument(
                f"JSON Value: {brief(value)} found at incorrect level: {level + 1} in the JSON "
                f"DOM. Expected at level: {rank}"
            )
        leaves.append(_leaf(value, dtype))
        return
    if level >= rank:
        raise invalid_argument(f"Encountered list at unexpected level: {level} expected < {rank}")
    if len(value) != shape[level]:
        raise invalid_argument(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: "
            f"{shape[level]}"
        )
    for item in value:
        _walk(item, level + 1, shape, dtype, leaves)


def _leaf(value: Any, dtype: int) -> Any:
    if isinstance(value, dict):
        if dtype == _STRING:
            return decode_base64(value)
        raise _type_error(value, dtype)
    if type(value) is float and math.isinf(value):
        raise invalid_argument("JSON Parse error: Number too big to be stored in double.")
    if dtype in _FLOATS:
        return _float_leaf(value, dtype)
    if dtype in _INTEGERS:
        low, high = _INTEGERS[dtype]
        if type(value) is not int or not low <= value <= high:
            raise _type_error(value, dtype)
        return value
    if dtype == _BOOL:
        if type(value) is not bool:
            raise _type_error(value, dtype)
        return value
    if dtype == _STRING:
        if not isinstance(value, str):
            raise _type_error(value, dtype)
        return _encode(value)
    raise StatusError(
        Code.UNIMPLEMENTED,
        f"Conversion of JSON Value: {brief(value)} to type: {type_name(dtype)}",
    )


def _float_leaf(value: Any, dtype: int) -> float:
    if type(value) is bool or not isinstance(value, (int, float)):
        raise _type_error(value, dtype)
    fits = (
        _integer_fits(value, dtype)
        if isinstance(value, int)
        else not math.isfinite(value) or abs(value) <= _FLOATS[dtype][1]
    )
    if not fits:
        raise invalid_argument(
            f"Cannot convert JSON value: {brief(value)} to {type_name(dtype)} without loss of "
            "precision."
        )
    return float(value)


_KINDS = {type(None): "Null", dict: "Object", list: "Array", str: "String"}


def _type_error(value: Any, dtype: int) -> StatusError:
    kind = str(value) if isinstance(value, bool) else _KINDS.get(type(value), "Number")
    return invalid_argument(
        f"JSON Value: {brief(value)} Type: {kind} is not of expected type: {type_name(dtype)}"
    )
