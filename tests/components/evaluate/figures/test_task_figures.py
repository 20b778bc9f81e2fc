"""Figures of tasks besides the class."""

import numpy as np
import pandas as pd
import pytest

from components.common.labels.tasks import FittedTask, answer_table
from components.evaluate.figures.tasks import measure_tasks

KIND = FittedTask(name="kind", classes=("mono", "poly"))
FLAWS = FittedTask(
    name="flaws", classes=("crack", "stain"), multi_label=True, thresholds=(0.5, 0.5)
)


def table(wrong: int) -> pd.DataFrame:
    """Forty pictures, every fourth without a kind; `wrong` of the others are answered wrongly."""
    truth = np.arange(40) % 2
    said = np.where(np.arange(40) < wrong, 1 - truth, truth)
    rows = pd.DataFrame(
        {
            "label:kind": np.where(np.arange(40) % 4 == 3, "", np.array(["mono", "poly"])[truth]),
            "label:flaws": np.where(truth == 1, "crack", "|"),
        }
    )
    kinds = np.eye(2, dtype=np.float32)[said] * 0.8 + 0.1
    flaws = np.stack([truth, truth], axis=1).astype(np.float32) * 0.8 + 0.1
    groups = pd.DataFrame({"group": (np.arange(40) // 4).astype(str)})
    return groups.join(answer_table((KIND, FLAWS), (kinds, flaws), rows))


def test_each_task_is_measured_where_its_label_is_known() -> None:
    kind, crack, stain = measure_tasks((KIND, FLAWS), table(wrong=4), table(wrong=0))
    assert (kind.name, kind.pictures, kind.groups) == ("kind", 30, 10)
    accuracy = {one.name: one.value for one in kind.metrics}["accuracy"]
    # Of the first four pictures the last one has no kind.
    assert accuracy == pytest.approx(27 / 30)
    assert {one.name: one.value for one in kind.incumbent_metrics}["accuracy"] == 1.0
    assert (crack.name, crack.pictures) == ("flaws: crack", 40)
    assert {one.name: one.value for one in crack.metrics}["roc_auc"] == 1.0
    # No picture has a stain: there is nothing to rank.
    assert "roc_auc" not in {one.name for one in stain.metrics}


def test_without_tasks_there_is_nothing() -> None:
    assert measure_tasks((), table(0), None) == ()
