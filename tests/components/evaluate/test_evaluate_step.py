"""The evaluate step on a real SavedModel: figures, incumbent, plots and page."""

import dataclasses
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from blank_passport import blank_passport
from kfp.dsl import ClassificationMetrics

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.decision import Decision, DepthScore
from components.common.artifacts.inspection import (
    DoubtedLabel,
    GroupFinding,
    Inspection,
    InspectionInfo,
)
from components.common.artifacts.judging.evaluation import (
    PREDICTION_COLUMNS,
    Evaluation,
    EvaluationInfo,
)
from components.common.artifacts.judging.figures import Metric
from components.common.artifacts.judging.verdict import VerdictInfo
from components.common.artifacts.lineage import Lineage, write_lineage
from components.common.artifacts.model_folder import lineage_path
from components.common.artifacts.passport import write_passport
from components.common.artifacts.records import write_record
from components.common.config import to_plain
from components.common.errors import DataError, ExportError
from components.common.run_context import RunContext
from components.evaluate.config import EvaluateConfig
from components.evaluate.step import EvaluateInputs, EvaluateOutputs, run, show


def metric_of(info: EvaluationInfo, name: str) -> Metric:
    return next(metric for metric in info.metrics if metric.name == name)


pytestmark = pytest.mark.slow

RUN = RunContext(run_id="run-1", commit="abc123", data_sha256="d" * 64)


def _evaluate(
    inputs: EvaluateInputs, out: Path, *, context: RunContext = RUN, **settings: Any
) -> Evaluation:
    # What is asked besides has tests of its own, in `test_inside`.
    config = EvaluateConfig(faulty_pictures=0, explained_pictures=0, **settings)
    run(config, inputs, EvaluateOutputs(evaluation=out), context)
    return Evaluation.read(out)


@pytest.fixture(scope="module")
def evaluation(inputs: EvaluateInputs, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return _evaluate(inputs, tmp_path_factory.mktemp("evaluation"))


def test_figures_predictions_and_files(inputs: EvaluateInputs, evaluation: Evaluation) -> None:
    test = Dataset.read(inputs.dataset).split("test")
    predictions = evaluation.predictions()
    assert predictions["path"].tolist() == test["path"].tolist()
    columns = [*PREDICTION_COLUMNS, "p_functional", "p_defective"]
    assert predictions.columns.tolist() == columns
    right = (predictions["target"] == predictions["predicted"]).mean()
    assert 0.5 < right < 1.0  # the noise makes some mistakes
    assert metric_of(evaluation.info, "accuracy").value == pytest.approx(right)
    assert evaluation.info.pictures == 24
    assert evaluation.info.groups == 6
    assert evaluation.incumbent_predictions() is None
    plots = {path.name for path in (evaluation.root / "plots").iterdir()}
    assert plots == {
        "confusion.csv", "confusion.png", "discrimination.png", "learning_curves.png",
        "reliability.png",
    }  # fmt: skip
    table = pd.read_csv(evaluation.root / "plots" / "confusion.csv", index_col="truth")
    assert table.to_numpy().sum() == 24


def test_slices_by_domain_and_certainty(evaluation: Evaluation) -> None:
    info = evaluation.info
    sizes = {part.name: part.pictures for part in info.slices}
    assert sizes == {
        "mono": 12, "poly": 12, "certain labels only": 12, "uncertain labels only": 12,
    }  # fmt: skip


def test_report_is_one_self_contained_page(evaluation: Evaluation) -> None:
    page = evaluation.report_path.read_text(encoding="utf-8")
    sources = re.findall(r'(?:src|srcset|href)="([^"]{0,30})', page)
    assert sources
    assert all(source.startswith("data:image/") for source in sources)
    assert not re.search(r"https?://|<script|<link|@import|url\(", page)
    assert "Of 100 new pictures like these" in page
    for text in ("abc123", "d" * 64, "they were inferred", "CC0", "ROC-AUC"):
        assert text in page
    mistakes = (evaluation.predictions().eval("target != predicted")).sum()
    assert page.count("data:image/jpeg") == min(12, mistakes)


def test_names_from_outside_cannot_break_the_page(
    make_inputs: Callable[..., EvaluateInputs], tmp_path: Path
) -> None:
    inputs = make_inputs()
    dataset = Dataset.read(inputs.dataset)
    dataset.manifest["domain"] = "<script>alert(1)</script>$"
    dataset.manifest.loc[::2, "domain"] = "other"
    dataset.write()
    page = _evaluate(inputs, tmp_path / "out").report_path.read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("measured", [True, False])
def test_the_report_says_why_a_method_was_chosen(
    make_inputs: Callable[..., EvaluateInputs], tmp_path: Path, measured: bool
) -> None:
    inputs = make_inputs()
    write_record(inputs.candidate / "decision.json", _decision(measured=measured))
    # The record names the method that was asked for, the decision the one that was taken.
    record = inputs.candidate / "candidate.json"
    record.write_text(record.read_text().replace("linear_probe_finetune", "auto"))
    evaluation = _evaluate(inputs, tmp_path / "out")
    page = evaluation.report_path.read_text(encoding="utf-8")
    assert "Why it was trained this way" in page
    assert "28 groups are few, so &lt;only&gt; low layers." in page
    assert "auto chose low_layers" in page
    assert "no two domains" in page
    drawn = evaluation.root / "plots" / "layer_profile.png"
    assert drawn.exists() == measured
    assert ("score by depth" in page) == measured


def test_without_a_choice_the_report_does_not_explain_one(evaluation: Evaluation) -> None:
    assert "Why it was trained" not in evaluation.report_path.read_text(encoding="utf-8")


def _decision(*, measured: bool) -> Decision:
    profile = tuple(
        DepthScore(
            layer=f"block_{number}",
            depth=(number + 1) / 3,
            features=8,
            score=score,
            error=0.05,
            folds=(score - 0.04, score + 0.04),
        )
        for number, score in enumerate((0.7, 0.8, 0.6))
    )
    return Decision(
        cell="few_dissimilar",
        method="low_layers",
        layer="block_1",
        reason="28 groups are few, so <only> low layers.",
        pictures=100,
        groups=28,
        groups_a_class=20,
        metric="roc_auc",
        chance=0.5,
        similarity=-0.4,
        similarity_error=0.1,
        profile=profile if measured else (),
        remarks=("The pictures name no two domains.",),
    )


def test_the_report_and_the_figures_are_shown(evaluation: Evaluation) -> None:
    shown = show(EvaluateOutputs(evaluation=evaluation.root))
    figures = shown.figures
    assert shown.page == evaluation.report_path
    metric = metric_of(evaluation.info, "roc_auc")
    assert figures["roc_auc"] == metric.value
    assert figures["roc_auc_low"] == metric.low <= metric.high == figures["roc_auc_high"]


def test_incumbent_is_scored_on_the_same_pictures(
    inputs: EvaluateInputs, save_model: Callable[..., None], tmp_path: Path
) -> None:
    base = tmp_path / "models"
    save_model(base / "cells" / "9", slope=-6.0)
    save_model(base / "cells" / "10", slope=2.0)
    (base / "cells" / ".staging-11").mkdir()
    evaluation = _evaluate(inputs, tmp_path / "out", model_base_path=str(base), model_name="cells")
    info = evaluation.info
    assert (info.incumbent_version, info.best_version) == (10, 0)
    assert evaluation.best_predictions() is None
    assert info.incumbent_sha256 not in ("", info.candidate_sha256)
    theirs = evaluation.incumbent_predictions()
    assert theirs is not None
    assert theirs["sha256"].tolist() == evaluation.predictions()["sha256"].tolist()
    # Another slope ranks the pictures alike but states other probabilities.
    by_name = {metric.name: metric for metric in info.incumbent_metrics}
    assert by_name["roc_auc"].value == pytest.approx(metric_of(info, "roc_auc").value)
    assert by_name["log_loss"].value != pytest.approx(metric_of(info, "log_loss").value)
    assert "version 10" in evaluation.report_path.read_text(encoding="utf-8")


def test_the_best_version_so_far_is_scored_as_well_on_what_it_has_not_seen(
    inputs: EvaluateInputs, save_model: Callable[..., None], tmp_path: Path
) -> None:
    models = tmp_path / "models" / "cells"
    save_model(models / "9", slope=-6.0)
    save_model(models / "10", slope=2.0)
    serving = VerdictInfo(word="deploy", reasons=(), best_version=9)
    write_passport(models, blank_passport(version=10, verdict=serving))
    test = Dataset.read(inputs.dataset).split("test")
    write_pictures(models, 9, test.head(5).assign(split="train"))

    evaluation = _evaluate(
        inputs, tmp_path / "out", model_base_path=str(models.parent), model_name="cells"
    )

    best, serves = evaluation.best_predictions(), evaluation.incumbent_predictions()
    assert evaluation.info.best_version == 9
    assert best is not None and serves is not None
    assert best["path"].tolist() == test["path"].tolist()[5:]
    assert serves["path"].tolist() == test["path"].tolist()
    assert best["p_defective"].tolist() != serves["p_defective"].tolist()[5:]
    assert any("5 that it was trained on are left out" in note for note in evaluation.info.notes)


def test_a_best_version_that_is_gone_is_reported(
    inputs: EvaluateInputs, save_model: Callable[..., None], tmp_path: Path
) -> None:
    models = tmp_path / "models" / "model"
    save_model(models / "10", slope=2.0)
    serving = VerdictInfo(word="deploy", reasons=(), best_version=9)
    write_passport(models, blank_passport(version=10, verdict=serving))
    evaluation = _evaluate(inputs, tmp_path / "out", model_base_path=str(models.parent))
    assert evaluation.info.best_version == 9
    assert evaluation.best_predictions() is None
    assert any(
        "Version 9, the best so far, could not be scored" in n for n in evaluation.info.notes
    )


def test_the_same_model_serving_gives_the_same_figures(
    inputs: EvaluateInputs, tmp_path: Path
) -> None:
    base = tmp_path / "models"
    shutil.copytree(inputs.exported / "saved_model", base / "model" / "1")
    evaluation = _evaluate(inputs, tmp_path / "out", model_base_path=str(base))
    assert evaluation.info.incumbent_sha256 == evaluation.info.candidate_sha256
    assert evaluation.info.incumbent_metrics == evaluation.info.metrics


@pytest.mark.parametrize("kind", ["empty", "rubbish", "other classes"])
def test_a_broken_incumbent_is_reported_and_no_crash(
    inputs: EvaluateInputs, save_model: Callable[..., None], tmp_path: Path, kind: str
) -> None:
    version = tmp_path / "models" / "model" / "3"
    if kind == "other classes":
        save_model(version, classes=("cat", "dog"))
    else:
        version.mkdir(parents=True)
    if kind == "rubbish":
        (version / "saved_model.pb").write_bytes(b"rubbish")
    base = str(tmp_path / "models")
    evaluation = _evaluate(inputs, tmp_path / "out", model_base_path=base)
    info = evaluation.info
    assert (info.incumbent_version, info.incumbent_metrics) == (3, ())
    assert evaluation.incumbent_predictions() is None
    assert any("Version 3, which serves now, could not be scored" in note for note in info.notes)
    assert "could not be scored" in evaluation.report_path.read_text(encoding="utf-8")


def test_no_test_pictures_is_for_the_user_to_correct(
    make_inputs: Callable[..., EvaluateInputs], tmp_path: Path
) -> None:
    inputs = make_inputs()
    dataset = Dataset.read(inputs.dataset)
    dataset.manifest["split"] = "train"
    dataset.write()
    with pytest.raises(DataError, match="expected pictures in the test split, received none"):
        _evaluate(inputs, tmp_path / "out")


def test_a_model_of_other_classes_is_refused(
    make_inputs: Callable[..., EvaluateInputs], save_model: Callable[..., None], tmp_path: Path
) -> None:
    inputs = make_inputs()
    shutil.rmtree(inputs.exported / "saved_model")
    save_model(inputs.exported / "saved_model", classes=("defective", "functional"))
    with pytest.raises(ExportError, match="in this order"):
        _evaluate(inputs, tmp_path / "out")


def test_one_class_in_the_test_split_still_gives_a_page(
    make_inputs: Callable[..., EvaluateInputs], tmp_path: Path
) -> None:
    inputs = make_inputs()
    dataset = Dataset.read(inputs.dataset)
    gone = (dataset.manifest["split"] == "test") & (dataset.manifest["label"] == "defective")
    Dataset(dataset.root, dataset.info, dataset.manifest[~gone]).write()
    evaluation = _evaluate(inputs, tmp_path / "out")
    assert not {"roc_auc", "f1"} & {metric.name for metric in evaluation.info.metrics}
    assert not (tmp_path / "out" / "plots" / "discrimination.png").exists()
    assert "Not computable" in evaluation.report_path.read_text(encoding="utf-8")


def test_equal_runs_write_equal_pages(inputs: EvaluateInputs, tmp_path: Path) -> None:
    # With a cache, without which the times of a call are measured again.
    context = dataclasses.replace(RUN, cache_dir=str(tmp_path / "cache"))
    pages = [
        _evaluate(inputs, tmp_path / name, context=context).report_path.read_bytes()
        for name in ("once", "again")
    ]
    assert pages[0] == pages[1]


def test_perfect_and_hopeless_models_draw(
    make_inputs: Callable[..., EvaluateInputs], tmp_path: Path
) -> None:
    evaluation = _evaluate(make_inputs(noise=0.0), tmp_path / "out")
    assert metric_of(evaluation.info, "accuracy").value == 1.0
    assert "None of the 24 pictures" in evaluation.report_path.read_text(encoding="utf-8")
    assert np.isfinite([metric.high for metric in evaluation.info.metrics]).all()


def test_groups_in_two_splits_are_said(
    make_inputs: Callable[..., EvaluateInputs], tmp_path: Path
) -> None:
    inputs = make_inputs()
    dataset = Dataset.read(inputs.dataset)
    dataset.manifest["group"] = dataset.manifest["group"].str.split("-").str[1]
    dataset.write()
    evaluation = _evaluate(inputs, tmp_path / "out")
    assert any("also have pictures in the training" in note for note in evaluation.info.notes)
    assert "training never saw" not in evaluation.report_path.read_text(encoding="utf-8")


def test_component_writes_metrics_report_and_record(inputs: EvaluateInputs, tmp_path: Path) -> None:
    from components.evaluate.component import evaluate as component

    logged: dict[str, float] = {}
    metrics = SimpleNamespace(log_metric=logged.__setitem__)
    result = _artifact(tmp_path / "evaluation")
    doubted = DoubtedLabel(
        path="pictures/test_000.png", label="functional", suggestion="defective", quality=0.1
    )
    groups = GroupFinding(
        origin="file names",
        groups=30,
        apart=0.6,
        straddling=0.9,
        flattery=Metric(name="accuracy", value=0.3, low=0.2, high=0.4),
        chance=0.01,
    )
    inspected = InspectionInfo(pictures=72, suspected=1, doubted=(doubted,), groups=groups)
    Inspection(tmp_path / "inspection", inspected).write()
    component.python_func(
        exported=_artifact(inputs.exported),
        candidate=_artifact(inputs.candidate),
        dataset=_artifact(inputs.dataset),
        inspection=_artifact(tmp_path / "inspection"),
        settings=to_plain(EvaluateConfig()),
        run=to_plain(dataclasses.replace(RUN, run_dir=str(tmp_path / "run"))),
        evaluation=result,
        metrics=metrics,
        classification=ClassificationMetrics(),
        report=_artifact(tmp_path / "html" / "report"),
    )
    assert logged["accuracy_low"] <= logged["accuracy"] <= logged["accuracy_high"]
    assert Evaluation.read(Path(result.path)).info.hidden_groups == 30
    page = (tmp_path / "html" / "report").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "labelled functional; more like defective" in page
    assert result.metadata["commit"] == "abc123"
    record = json.loads((tmp_path / "run" / "steps" / "evaluate.json").read_text())
    assert (record["state"], record["result"]) == ("done", "")


def write_pictures(model_dir: Path, version: int, rows: pd.DataFrame) -> None:
    folder = lineage_path(model_dir, version)
    folder.mkdir(parents=True)
    write_lineage(folder, Lineage(model_sha256="", roots={}, links=()), rows)


def _artifact(path: Path) -> SimpleNamespace:
    return SimpleNamespace(path=str(path), metadata={})
