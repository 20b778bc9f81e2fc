import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from torch_files import MAGIC, torch_file

from components.common.errors import WeightsError
from components.networks.weights.torch_file import read_state_dict

KERNEL = np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)
TENSORS = {"conv.weight": KERNEL, "bn.num_batches_tracked": np.array(7, dtype=np.int64)}


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.marker}",)


def test_tensors_come_back_by_name() -> None:
    found = read_state_dict(torch_file(TENSORS))
    assert list(found) == list(TENSORS)
    for name, tensor in TENSORS.items():
        np.testing.assert_array_equal(found[name], tensor)
        assert found[name].dtype == tensor.dtype


def test_code_in_the_file_is_refused_and_not_run(tmp_path: Path) -> None:
    content = torch_file(TENSORS, extra=Evil(tmp_path / "ran"))
    with pytest.raises(WeightsError, match=r"asks for '(posix|nt)\.system'"):
        read_state_dict(content)
    assert not (tmp_path / "ran").exists()
    pickle.loads(pickle.dumps(Evil(tmp_path / "ran")))
    assert (tmp_path / "ran").exists(), "the trap itself does not work"


@pytest.mark.parametrize("kept", [0, 10, 200, -1])
def test_a_cut_off_file_is_refused(kept: int) -> None:
    with pytest.raises(WeightsError, match="a PyTorch state dict"):
        read_state_dict(torch_file(TENSORS)[:kept])


def test_something_else_is_refused() -> None:
    for content in (b"these are no weights", pickle.dumps(MAGIC + 1), b"PK\x03\x04"):
        with pytest.raises(WeightsError, match="a PyTorch state dict"):
            read_state_dict(content)


def test_a_tensor_beyond_its_storage_is_refused() -> None:
    content = torch_file({"a": np.zeros(3, np.float32)})
    # The shape (3,) becomes (200,); the storage stays what it is.
    tampered = content.replace(b"K\x03\x85", b"K\xc8\x85", 1)
    assert tampered != content
    with pytest.raises(WeightsError, match="beyond its storage"):
        read_state_dict(tampered)
