"""TensorProto <-> numpy, by TensorFlow's own converters."""

from typing import Any

import numpy as np

from serving.protocol.status import invalid_argument

Array = np.ndarray[Any, Any]


def to_array(proto: Any, *, name: str) -> Array:
    """Read a TensorProto.

    Values may stand in `tensor_content` or in the typed field. Fewer values than elements repeat
    the last one, none at all means zeros.

    Raises:
        StatusError: INVALID_ARGUMENT `tensor parsing error: <name>`.
    """
    import tensorflow as tf

    try:
        if any(dimension.size < 0 for dimension in proto.tensor_shape.dim):
            raise ValueError("a negative size")
        return np.asarray(tf.make_ndarray(proto))
    except (KeyError, TypeError, ValueError, OverflowError, MemoryError):
        raise invalid_argument(f"tensor parsing error: {name}") from None


def fill_proto(array: Array, proto: Any) -> None:
    """Write an array into a TensorProto's typed field, as TensorFlow Serving does by default."""
    import tensorflow as tf
    from tensorflow.python.framework.tensor_util import GetNumpyAppendFn

    dtype = tf.string if array.dtype == object else tf.dtypes.as_dtype(array.dtype)
    proto.dtype = dtype.as_datatype_enum
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    if dtype == tf.string:
        proto.string_val.extend(array.ravel().tolist())
    else:
        GetNumpyAppendFn(array.dtype)(proto, array.ravel())
