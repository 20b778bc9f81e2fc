"""Which steps ask the warm parent for TensorFlow."""

import importlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from components.common.warm import owner
from pipelines.local.warm import step_interpreter


@pytest.fixture(autouse=True)
def no_parent() -> Iterator[None]:
    yield
    owner.belongs_to("")


def names(**arguments: Any) -> set[str]:
    *_, address, joined = step_interpreter("graft-1", arguments)
    assert address == "graft-1"
    return set(joined.split(","))


@pytest.fixture(autouse=True)
def default_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)


def test_each_of_them_is_a_component() -> None:
    folders = {"train_finalist": "train"}
    for name in names():
        module = importlib.import_module(f"components.{folders.get(name, name)}.component")
        assert hasattr(module, name)


def test_training_on_jax_does_without_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = names(train={"backend": "tensorflow"})
    assert {"train", "rank", "export"} <= everything
    on_jax = names(train={"backend": "jax"})
    assert "export" in on_jax
    assert not on_jax & {"train", "train_finalist", "rank"}
    assert names(train={"backend": "auto"}) == everything
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert names() == on_jax


def test_without_a_parent_steps_have_the_plain_interpreter() -> None:
    assert step_interpreter("", {}) == (sys.executable,)
