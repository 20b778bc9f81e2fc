"""What the last lines of a run say of the figures."""

import pytest

from components.common.artifacts.dataset import Evidence
from components.common.artifacts.judging.evaluation import EvaluationInfo
from pipelines.console.training_summary import _figures


@pytest.mark.parametrize(
    ("evidence", "said"),
    [("holdout", "never seen in training"), ("cross_validation", "network that had not seen it")],
)
def test_the_figures_are_of_what_they_rest_on(evidence: Evidence, said: str) -> None:
    info = EvaluationInfo(
        classes=("good", "bad"),
        positive="bad",
        pictures=40,
        groups=8,
        metrics=(),
        evidence=evidence,
    )
    title = _figures(info).title
    assert isinstance(title, str) and said in title and "40 pictures in 8 groups" in title
