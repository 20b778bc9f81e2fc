"""How many pictures a model is asked about at once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from brightness_model import save_brightness_model

from components.common.models.saved_model import Answers, answer, ask, load
from components.common.pictures.decode import encode_png

pytestmark = pytest.mark.slow

GREYS = (10, 60, 110, 160, 210)
NAMES = tuple(str(grey) for grey in GREYS)


class Counting:
    """A loaded model that notes the rows of every call."""

    def __init__(self, model: Any) -> None:
        self.rows: list[int] = []
        self.signatures = {"serving_default": self}
        self._call = model.signatures["serving_default"]
        self.structured_outputs = self._call.structured_outputs

    def __call__(self, *, image_bytes: tf.Tensor) -> Any:
        self.rows.append(int(image_bytes.shape[0]))
        return self._call(image_bytes=image_bytes)


def grey(name: str) -> bytes:
    return encode_png(np.full((8, 8, 1), int(name), np.uint8))


@pytest.fixture
def model(tmp_path: Path) -> Counting:
    save_brightness_model(tmp_path)
    return Counting(load(tmp_path))


def asked(model: Counting, names: tuple[str, ...], *, batch_size: int) -> Answers:
    return ask(Path(), names, grey, batch_size=batch_size, activity="asking", model=model)


def test_the_last_batch_is_filled_up_and_what_fills_it_is_not_answered(model: Counting) -> None:
    found = asked(model, NAMES, batch_size=3)
    assert model.rows == [3, 3]
    assert found.probabilities.shape == (5, 2)
    assert len(found.classes) == len(found.decisions) == 5
    whole = asked(model, NAMES, batch_size=5)
    np.testing.assert_allclose(found.probabilities, whole.probabilities, atol=1e-6)
    assert found.classes == whole.classes


def test_fewer_than_a_batch_are_asked_as_they_are(model: Counting) -> None:
    asked(model, NAMES[:2], batch_size=8)
    answer(model, [grey(name) for name in NAMES])
    assert model.rows == [2, 5]


def test_a_single_batch_is_filled_up_for_who_asks_about_more(model: Counting) -> None:
    found = answer(model, [grey("10"), grey("210")], rows=4)
    assert model.rows == [4]
    assert found.probabilities.shape == (2, 2)
    assert found.classes[0] != found.classes[1]
