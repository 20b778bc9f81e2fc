"""Cells of further label columns, and the tables that hold answers to them."""

import numpy as np
import pandas as pd
import pytest

from components.common.errors import DataError
from components.common.labels.tasks import (
    FittedTask,
    Task,
    answer_table,
    side_by_side,
    tasks_of,
    values_of,
)

KIND = FittedTask(name="kind", classes=("mono", "poly"))
FLAWS = FittedTask(
    name="flaws", classes=("crack", "stain"), multi_label=True, thresholds=(0.5, 0.2)
)


def test_tasks_are_what_the_columns_hold() -> None:
    rows = pd.DataFrame(
        {
            "label:kind": ["poly", "", "mono"],
            "label:flaws": ["crack | stain", "crack", "|"],
            "label:alike": ["one", "one", ""],
            "camera": ["a", "b", "c"],
        }
    )
    found = tasks_of(tuple(rows), rows.iloc[:2], rows.iloc[2:])
    assert found == (
        Task(name="kind", classes=("mono", "poly")),
        Task(name="flaws", classes=("crack", "stain"), multi_label=True),
    )


def test_a_name_must_name_an_output() -> None:
    with pytest.raises(DataError, match=r"received 'label:a b'; rename the column"):
        tasks_of(("label:a b",), pd.DataFrame({"label:a b": ["x", "y"]}))


def test_an_empty_cell_is_unknown_and_a_bar_alone_is_none_of_them() -> None:
    truth = FLAWS.targets(["stain|crack", "", "|", "crack"])
    assert truth.targets.tolist() == [[1, 1], [0, 0], [0, 0], [1, 0]]
    assert truth.known.tolist() == [True, False, True, True]
    assert truth.take(np.array([3, 1])).known.tolist() == [True, False]


def test_probabilities_are_softmax_or_sigmoid_of_scaled_logits() -> None:
    logits = np.array([[2.0, -2.0], [0.0, 200.0]], np.float32)
    warm = FittedTask(name="x", classes=("a", "b"), temperature=2.0)
    np.testing.assert_allclose(warm.probabilities(logits)[0], [0.880797, 0.119203], atol=1e-6)
    several = FittedTask(name="x", classes=("a", "b"), temperature=2.0, multi_label=True)
    np.testing.assert_allclose(
        several.probabilities(logits), [[0.731059, 0.268941], [0.5, 1.0]], atol=1e-6
    )


def test_answers_are_those_whose_truth_is_known() -> None:
    rows = pd.DataFrame({"label:kind": ["mono", "", "poly"], "label:flaws": ["crack", "|", ""]})
    kinds = np.array([[0.9, 0.1], [0.5, 0.5], [0.7, 0.3]], np.float32)
    flaws = np.array([[0.4, 0.3], [0.1, 0.1], [0.9, 0.9]], np.float32)
    table = answer_table((KIND, FLAWS), (kinds, flaws), rows)
    (kind,) = KIND.answered(table)
    assert kind.known.tolist() == [True, False, True]
    assert kind.scored.targets.tolist() == [0, 1]
    assert kind.scored.predicted.tolist() == [0, 0]
    crack, stain = FLAWS.answered(table)
    assert (crack.name, stain.name) == ("flaws: crack", "flaws: stain")
    assert crack.scored.targets.tolist() == [1, 0]
    # Each class by its own threshold.
    assert crack.scored.predicted.tolist() == [0, 0]
    assert stain.scored.predicted.tolist() == [1, 0]
    assert stain.scored.positive == 1


def test_a_model_that_does_not_know_a_task_gives_no_answers() -> None:
    rows = pd.DataFrame({"label:kind": ["mono", "poly"]})
    unknown = answer_table((KIND,), (np.full((2, 2), np.nan, np.float32),), rows)
    assert KIND.answered(unknown) == []
    assert KIND.answered(pd.DataFrame({"path": ["a"]})) == []
    assert np.isnan(values_of(pd.DataFrame({"path": ["a"]}), KIND)).all()


def test_columns_come_back_by_task() -> None:
    values = np.arange(8, dtype=np.float32).reshape(2, 4)
    table = side_by_side((KIND, FLAWS), values)
    np.testing.assert_array_equal(values_of(table, FLAWS), values[:, 2:])
