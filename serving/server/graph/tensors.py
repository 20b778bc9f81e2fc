"""TensorProto <-> numpy, with the rules of `Tensor::FromProto` and `Tensor::AsProtoField`."""

import math
from functools import cache
from typing import Any

import numpy as np

from serving.protocol.status import invalid_argument

Array = np.ndarray[Any, Any]

_MAX_DIMENSIONS = 254
# DataType number -> the typed field that holds its values.
_FIELDS = {
    1: "float_val",
    2: "double_val",
    3: "int_val",
    4: "int_val",
    5: "int_val",
    6: "int_val",
    7: "string_val",
    8: "scomplex_val",
    9: "int64_val",
    10: "bool_val",
    11: "int_val",
    12: "int_val",
    13: "int_val",
    14: "half_val",
    15: "int_val",
    16: "int_val",
    17: "int_val",
    18: "dcomplex_val",
    19: "half_val",
    22: "uint32_val",
    23: "uint64_val",
}
_STRING, _COMPLEX, _HALVES = 7, {8, 18}, {14, 19}


@cache
def numpy_type(dtype: int) -> Any:
    """Return the numpy type of a DataType number; KeyError or TypeError for unknown ones."""
    import tensorflow as tf

    return tf.dtypes.as_dtype(dtype).as_numpy_dtype


@cache
def type_name(dtype: int) -> str:
    """Return TensorFlow's own name of a type, as its messages print it."""
    import tensorflow as tf

    name = str(tf.dtypes.as_dtype(dtype).name)
    return {"float32": "float", "float64": "double", "float16": "half"}.get(name, name)


def to_array(proto: Any, *, name: str) -> Array:
    """Read a TensorProto.

    Values may stand in `tensor_content` or in the typed field. Fewer values than elements repeat
    the last one, none at all means zeros.

    Raises:
        StatusError: INVALID_ARGUMENT `tensor parsing error: <name>`.
    """
    try:
        return _to_array(proto)
    except (KeyError, TypeError, ValueError, OverflowError, MemoryError):
        raise invalid_argument(f"tensor parsing error: {name}") from None


def _to_array(proto: Any) -> Array:
    dimensions = [dimension.size for dimension in proto.tensor_shape.dim]
    if (
        len(dimensions) > _MAX_DIMENSIONS
        or proto.tensor_shape.unknown_rank
        or any(size < 0 for size in dimensions)
    ):
        raise ValueError("shape")
    field = _FIELDS[proto.dtype]
    count = math.prod(dimensions)
    if proto.tensor_content:
        return _from_content(proto, dimensions, count)
    values = getattr(proto, field)
    if proto.dtype == _STRING:
        return _strings(values, count).reshape(dimensions)
    flat = _typed(proto.dtype, values)
    if len(flat) > count:
        flat = flat[:count]
    if len(flat) == count:
        return flat.reshape(dimensions)
    if len(flat) == 0:
        return np.zeros(dimensions, numpy_type(proto.dtype))
    filled = np.full(count, flat[-1], flat.dtype)
    filled[: len(flat)] = flat
    return filled.reshape(dimensions)


def _from_content(proto: Any, dimensions: list[int], count: int) -> Array:
    if proto.dtype == _STRING:
        return _encoded_strings(proto.tensor_content, count).reshape(dimensions)
    kind = np.dtype(numpy_type(proto.dtype))
    if len(proto.tensor_content) != count * kind.itemsize:
        raise ValueError("length")
    return np.frombuffer(proto.tensor_content, kind).reshape(dimensions)


def _encoded_strings(content: bytes, count: int) -> Array:
    """Read strings as `port::EncodeStringList` writes them: all lengths, then all bytes."""
    lengths: list[int] = []
    position = 0
    for _ in range(count):
        value = shift = 0
        while True:
            byte = content[position] if position < len(content) else None
            if byte is None or shift > 35:
                raise ValueError("varint")
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        lengths.append(value)
    if position + sum(lengths) != len(content):
        raise ValueError("length")
    out = np.empty(count, object)
    for index, length in enumerate(lengths):
        out[index] = content[position : position + length]
        position += length
    return out


def _strings(values: Any, count: int) -> Array:
    out = np.empty(count, object)
    given = list(values[:count])
    last = given[-1] if given else b""
    out[:] = given + [last] * (count - len(given))
    return out


def _typed(dtype: int, values: Any) -> Array:
    kind = numpy_type(dtype)
    if dtype in _HALVES:
        return np.fromiter(values, np.int64, len(values)).astype(np.uint16).view(kind)
    if dtype in _COMPLEX:
        part = np.float32 if dtype == 8 else np.float64
        pairs = np.fromiter(values, part, len(values))
        return pairs[: len(pairs) // 2 * 2].view(kind)
    if _FIELDS[dtype] == "int_val":
        # C++ narrows silently: 300 in an uint8 tensor is 44.
        return np.fromiter(values, np.int64, len(values)).astype(kind)
    return np.fromiter(values, kind, len(values))


def to_proto(array: Array, proto: Any, *, dtype: int, as_content: bool) -> None:
    """Fill a TensorProto with an output, in the typed field unless `as_content`."""
    proto.dtype = dtype
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    if dtype == _STRING:
        proto.string_val.extend(array.ravel().tolist())
        return
    if as_content:
        proto.tensor_content = np.ascontiguousarray(array).tobytes()
        return
    flat = array.ravel()
    if dtype in _HALVES:
        flat = flat.view(np.uint16)
    elif dtype in _COMPLEX:
        flat = flat.view(np.float32 if dtype == 8 else np.float64)
    elif flat.dtype.kind not in "fiub":
        flat = flat.astype(np.int64)
    getattr(proto, _FIELDS[dtype]).extend(flat.tolist())
