"""The class decides, and no further task may get worse than what serves."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from gate_answers import predictions

from components.common.artifacts.judging.evaluation import Evaluation
from components.common.labels.tasks import FittedTask, answer_table
from components.gate.config import GateConfig
from components.gate.decide import decide

KIND = FittedTask(name="kind", classes=("mono", "poly"))
SETTINGS = GateConfig(
    thresholds=(), primary_metric="balanced_accuracy", tolerance=0.04, min_test_pictures=50
)


def answers(share_right: float, *, knows: bool = True) -> pd.DataFrame:
    """A model that is right about the class nine times in ten, and so often about the kind."""
    table = predictions(0.9)
    truth = (np.arange(len(table)) // 2) % 2
    right = np.random.default_rng(0).permutation(len(table)) < share_right * len(table)
    found = np.eye(2, dtype=np.float32)[np.where(right, truth, 1 - truth)]
    rows = pd.DataFrame({KIND.column: np.array(["mono", "poly"])[truth]})
    rows.loc[::10, KIND.column] = ""
    return table.join(answer_table((KIND,), (found if knows else found * np.nan,), rows))


@pytest.mark.parametrize(
    ("candidate", "serving", "word"),
    [(0.9, 0.9, "deploy"), (0.8, 0.9, "hold"), (1.0, 0.9, "deploy")],
)
def test_a_task_that_falls_by_more_than_the_tolerance_holds_back(
    make_evaluation: Callable[..., Evaluation], candidate: float, serving: float, word: str
) -> None:
    evaluation = make_evaluation(answers(candidate), answers(serving), tasks=(KIND,))
    verdict = decide(evaluation, settings=SETTINGS)
    assert verdict.word == word
    (reason,) = [one for one in verdict.reasons if one.startswith("Task 'kind'")]
    assert "on 180 pictures" in reason
    assert ("at most 0.040 may be lost" in reason) == (word == "hold")


def test_a_serving_version_that_does_not_answer_the_task_says_nothing_of_it(
    make_evaluation: Callable[..., Evaluation],
) -> None:
    evaluation = make_evaluation(answers(0.5), answers(0.9, knows=False), tasks=(KIND,))
    verdict = decide(evaluation, settings=SETTINGS)
    assert verdict.word == "deploy"
    assert not any("Task" in one for one in verdict.reasons)
