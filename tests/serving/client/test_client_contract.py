"""Tensors of an answer into types."""

import numpy as np
import pytest

from components.common.errors import ServerError
from serving.client.contract import Outputs, to_predictions

HALVES = np.full((2, 2), 0.5, np.float32)
CLASS = {"probabilities": HALVES, "classes": [b"ok", b"bad"], "decision": ["ok", "ask"]}


def outputs(**tensors: object) -> Outputs:
    return Outputs({**CLASS, **tensors}, 3, "cells", "here")


def test_further_tasks_come_by_name() -> None:
    kinds = np.array([[0.1, 0.9, 0.2], [0.7, 0.8, 0.1]], np.float32)
    said = to_predictions(
        outputs(kind_probabilities=kinds, kind_classes=[b"b", b"a|b"], features=HALVES), count=2
    )
    assert said.classes == ("ok", "bad")
    (kind,) = said.tasks
    assert (kind.name, kind.answers) == ("kind", ("b", "a|b"))
    np.testing.assert_array_equal(kind.probabilities, kinds)


def test_a_model_of_one_task_has_no_further_ones() -> None:
    assert to_predictions(outputs(), count=2).tasks == ()


@pytest.mark.parametrize("answers", [["b"], ["b", "a", "a"]])
def test_a_task_that_does_not_fit_the_pictures_is_refused(answers: list[str]) -> None:
    with pytest.raises(ServerError, match="of task kind for 2 pictures"):
        to_predictions(outputs(kind_probabilities=HALVES, kind_classes=answers), count=2)
