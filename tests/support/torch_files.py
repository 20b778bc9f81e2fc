"""PyTorch files of the legacy format, written without PyTorch."""

import io
import pickle
import struct
import sys
import types
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

MAGIC = 0x1950A86A20F9469CFC6C


def _rebuild_tensor_v2() -> None:
    """Stands for PyTorch's function; only its name is written."""


_rebuild_tensor_v2.__module__ = "torch._utils"
STORAGES = {
    np.dtype(dtype): type(name, (), {"__module__": "torch"})
    for dtype, name in (("float32", "FloatStorage"), ("int64", "LongStorage"))
}


class _Stored:
    def __init__(self, key: str, values: np.ndarray) -> None:
        self.key, self.values = key, values


class _Pickler(pickle.Pickler):
    def persistent_id(self, item: Any) -> Any:
        if isinstance(item, _Stored):
            kind = STORAGES[item.values.dtype]
            return ("storage", kind, item.key, "cpu", item.values.size, None)
        return None


class _Tensor:
    """Pickled as PyTorch pickles a tensor."""

    def __init__(self, stored: _Stored) -> None:
        self.stored = stored

    def __reduce__(self) -> Any:
        values = self.stored.values
        strides = tuple(step // values.itemsize for step in values.strides)
        view = (self.stored, 0, values.shape, strides, False, OrderedDict())
        return _rebuild_tensor_v2, view


def torch_file(tensors: dict[str, np.ndarray], extra: object = None) -> bytes:
    """Return a `.pth` with the tensors, and anything else beside them."""
    items = [_Stored(str(key), np.ascontiguousarray(v)) for key, v in enumerate(tensors.values())]
    state: OrderedDict[str, object] = OrderedDict(zip(tensors, map(_Tensor, items), strict=True))
    if extra is not None:
        state["extra"] = extra
    stream = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
        patch.setitem(sys.modules, "torch", torch)
        patch.setitem(sys.modules, "torch._utils", utils)
        utils.__dict__["_rebuild_tensor_v2"] = _rebuild_tensor_v2
        torch.__dict__.update({kind.__name__: kind for kind in STORAGES.values()})
        for part in (MAGIC, 1001, {"little_endian": True}, state, [item.key for item in items]):
            _Pickler(stream, protocol=2).dump(part)
    for item in items:
        stream.write(struct.pack("<q", item.values.size) + item.values.tobytes())
    return stream.getvalue()
