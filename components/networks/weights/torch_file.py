"""Read a PyTorch state dict without PyTorch, and without running what the file says to run.

A `.pth` of the legacy format (PyTorch < 1.6) is a row of pickles: a magic number, the protocol,
facts about the machine, the object, the storages' keys; then each storage, an int64 count and
its raw little-endian values. A pickle may name any function of any module; here it may name the
five things a state dict needs, each replaced by a harmless one of ours, and nothing else.
"""

import collections
import io
import pickle
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.errors import WeightsError

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_FLOAT32, _INT64 = np.dtype("<f4"), np.dtype("<i8")
_BROKEN = (pickle.UnpicklingError, EOFError, struct.error, ValueError, TypeError, KeyError)


def read_state_dict(content: bytes) -> dict[str, npt.NDArray[Any]]:
    """Return the tensors by name, float32 or int64, in the file's order.

    Raises:
        WeightsError: not a legacy state dict of these types, cut off, or one that names
            anything else than tensors.
    """
    stream = io.BytesIO(content)
    try:
        if _load(stream) != _MAGIC or _load(stream) != _PROTOCOL:
            raise ValueError("another magic number")
        _load(stream)
        tensors = _load(stream)
        storages = _read_storages(stream, keys=_load(stream), tensors=tensors)
        return {name: _array(tensor, storages) for name, tensor in tensors.items()}
    except (*_BROKEN, AttributeError, IndexError) as error:
        raise WeightsError(
            "a PyTorch state dict (legacy format, float32 and int64 tensors)",
            received=f"something else ({type(error).__name__}: {error})",
            do="fetch the file again, from the source it is said to come from",
        ) from None


@dataclass(frozen=True)
class _Storage:
    """Flat values somewhere later in the file."""

    key: str
    dtype: np.dtype[Any]
    count: int


@dataclass(frozen=True)
class _Tensor:
    """A view into a storage; offset and strides count values, not bytes."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuild(storage: _Storage, offset: int, shape: Any, strides: Any, *_: Any) -> _Tensor:
    return _Tensor(storage, int(offset), tuple(shape), tuple(strides))


_ALLOWED: dict[str, Any] = {
    "collections.OrderedDict": collections.OrderedDict,
    "torch._utils._rebuild_tensor_v2": _rebuild,
    "torch.FloatStorage": _FLOAT32,
    "torch.LongStorage": _INT64,
}


class _Unpickler(pickle.Unpickler):
    """Knows tensors, and refuses every other name."""

    def find_class(self, module: str, name: str) -> Any:
        """Return our stand-in for a global of the file."""
        wanted = f"{module}.{name}"
        if wanted not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for '{wanted}'")
        return _ALLOWED[wanted]

    def persistent_load(self, pid: Any) -> _Storage:
        """Return the place of a storage."""
        kind, dtype, key, _location, count, view = pid
        if kind != "storage" or view is not None:
            raise pickle.UnpicklingError(f"a reference of kind '{kind}'")
        return _Storage(str(key), dtype, int(count))


def _load(stream: io.BytesIO) -> Any:
    return _Unpickler(stream).load()


def _read_storages(
    stream: io.BytesIO, *, keys: list[str], tensors: dict[str, _Tensor]
) -> dict[str, npt.NDArray[Any]]:
    known = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    found = {}
    for key in keys:
        (count,) = struct.unpack("<q", stream.read(8))
        storage = known[key]
        if count != storage.count:
            raise ValueError(f"storage {key} has {count} values instead of {storage.count}")
        content = stream.read(count * storage.dtype.itemsize)
        found[key] = np.frombuffer(content, dtype=storage.dtype, count=count)
    return found


def _array(tensor: _Tensor, storages: dict[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
    values = storages[tensor.storage.key]
    last = tensor.offset + sum(
        (size - 1) * stride for size, stride in zip(tensor.shape, tensor.strides, strict=True)
    )
    if min(tensor.offset, *tensor.strides, 0) < 0 or not 0 <= last < len(values):
        raise ValueError("a tensor beyond its storage")
    strides = tuple(stride * values.itemsize for stride in tensor.strides)
    view = np.lib.stride_tricks.as_strided(values[tensor.offset :], tensor.shape, strides)
    return np.ascontiguousarray(view).reshape(tensor.shape)
