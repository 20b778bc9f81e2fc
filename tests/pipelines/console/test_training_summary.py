"""What the last lines of a run say of the figures."""

from pathlib import Path

import pytest

from components.common.artifacts.dataset import Evidence
from components.common.artifacts.inspection import GroupFinding, InspectionInfo, Shortcut
from components.common.artifacts.judging.evaluation import EvaluationInfo
from components.common.artifacts.judging.figures import Metric
from pipelines.console.training_summary import _doubts, _figures


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


def test_doubts_are_said_with_what_to_do(tmp_path: Path) -> None:
    assert _doubts(InspectionInfo(), tmp_path, "improve") == []
    metric = Metric(name="roc_auc", value=0.9, low=0.8, high=0.95)
    groups = GroupFinding(
        origin="file names",
        groups=30,
        apart=0.5,
        straddling=0.9,
        flattery=Metric(name="accuracy", value=0.4, low=0.3, high=0.5),
        chance=0.01,
    )
    shortcuts = tuple(
        Shortcut(fact=fact, roc_auc=metric, clear=fact == "brightness")
        for fact in ("brightness", "contrast")
    )
    info = InspectionInfo(pictures=300, suspected=4, groups=groups, shortcuts=shortcuts)
    first, accept, labels, clear = _doubts(info, tmp_path, "improve")
    assert "30 groups that nobody named (by file names)" in first
    assert accept.startswith("to accept them: graft run ")
    assert "/proposed_manifest.csv --preset " in accept
    assert labels.startswith("4 of 300 labels are likely wrong: ")
    assert clear.endswith("brightness (0.90)")
    # Where the groups are the next command, it is said once.
    assert accept not in _doubts(info, tmp_path, "accept_groups")
