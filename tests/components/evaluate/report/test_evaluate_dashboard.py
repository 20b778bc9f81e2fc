"""What a dashboard gets: kfp's own artifact, whose JSON knows neither NaN nor infinity."""

import json
from pathlib import Path

import numpy as np
import pytest
from full_evaluation import names_of, write_full_evaluation
from kfp.dsl import ClassificationMetrics, Metrics

from components.common.artifacts.judging.evaluation import Evaluation
from components.common.statistics.figures import Scored
from components.common.step import ArtifactLike, Nothing, Step, run_step
from components.evaluate.report.dashboard import roc_points, shown

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[2, 15])
def evaluation(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Evaluation:
    root = tmp_path_factory.mktemp("evaluation")
    return write_full_evaluation(root, classes=names_of(request.param))


def test_kfp_takes_confusions_curve_and_figures(evaluation: Evaluation, tmp_path: Path) -> None:
    metrics, classification = Metrics(), ClassificationMetrics()
    page = ArtifactAt(tmp_path / "page")
    run_step(
        Step("evaluate", _nothing, show=lambda _: shown(evaluation)),
        {}, {"run_id": "r"},
        metrics=metrics, page=page, classification=classification,
    )  # fmt: skip
    text = json.dumps([metrics.metadata, classification.metadata], allow_nan=False)
    assert len(text) < 100_000
    matrix = classification.metadata["confusionMatrix"]
    names = [one["displayName"] for one in matrix["annotationSpecs"]]
    assert tuple(names) == evaluation.info.classes
    assert sum(map(sum, (row["row"] for row in matrix["rows"]))) == evaluation.info.pictures
    curve = classification.metadata["confidenceMetrics"]
    assert (curve[0]["recall"], curve[0]["confidenceThreshold"]) == (0.0, 1.0)
    assert (curve[-1]["recall"], curve[-1]["falsePositiveRate"]) == (1.0, 1.0)
    assert len(curve) <= 200
    assert metrics.metadata["accuracy_low"] < metrics.metadata["accuracy"]
    assert Path(page.path).read_text(encoding="utf-8").startswith("<!doctype html>")


def test_one_class_or_answers_that_are_no_numbers_have_no_curve() -> None:
    scores = np.array([[0.3, 0.7], [0.6, 0.4]])
    one = Scored(np.array([0, 0]), np.array([1, 0]), scores, positive=1)
    assert roc_points(one) == ()
    broken = Scored(np.array([0, 1]), np.array([1, 0]), np.full((2, 2), np.nan), positive=1)
    assert roc_points(broken) == ()


class ArtifactAt(ArtifactLike):
    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.metadata = {}


def _nothing(settings: Nothing, inputs: Nothing, outputs: Nothing, context: object) -> None:
    pass
