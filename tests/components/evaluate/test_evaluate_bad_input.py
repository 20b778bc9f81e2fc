"""Models and pictures that nobody hopes for: figures and a verdict, no crash and no silent pass."""

import dataclasses
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import Dataset, DatasetInfo
from components.common.artifacts.exported import Export
from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.judging.verdict import VerdictInfo
from components.common.artifacts.records import tree_sha256, write_record
from components.common.errors import ExportError
from components.common.pictures.decode import encode_png
from components.common.run_context import RunContext
from components.evaluate.config import EvaluateConfig
from components.evaluate.step import EvaluateInputs, EvaluateOutputs
from components.evaluate.step import run as evaluate
from components.gate.config import GateConfig
from components.gate.decide import decide

pytestmark = pytest.mark.slow

LENIENT = GateConfig(min_test_pictures=2, min_per_class=1, min_groups=2)


def judged(inputs: EvaluateInputs, out: Path) -> VerdictInfo:
    evaluate(EvaluateConfig(), inputs, EvaluateOutputs(evaluation=out), RunContext(run_id="r"))
    return decide(Evaluation.read(out), settings=LENIENT)


def give(inputs: EvaluateInputs, save_model: Callable[..., None], **model: Any) -> None:
    """Put another model in the Export's place."""
    export = Export.read(inputs.exported)
    shutil.rmtree(export.saved_model)
    save_model(export.saved_model, **model)
    classes = model.get("classes", export.info.classes)
    digest = tree_sha256(export.saved_model)
    positive = export.info.positive if len(classes) == 2 else ""
    info = dataclasses.replace(export.info, classes=classes, positive=positive, model_sha256=digest)
    Export(inputs.exported, info).write()


def test_one_answer_for_everything_is_held(
    make_inputs: Callable[..., EvaluateInputs], save_model: Callable[..., None], tmp_path: Path
) -> None:
    inputs = make_inputs()
    give(inputs, save_model, slope=0.0)
    verdict = judged(inputs, tmp_path / "out")
    assert verdict.word == "hold"
    assert "answers 'functional' for all 24" in verdict.reasons[0]


def test_answers_that_are_no_numbers_are_refused(
    make_inputs: Callable[..., EvaluateInputs], save_model: Callable[..., None], tmp_path: Path
) -> None:
    inputs = make_inputs()
    give(inputs, save_model, slope=float("nan"))
    with pytest.raises(ExportError, match="numbers, received others for 48 of 48 pictures; look"):
        judged(inputs, tmp_path / "out")


def test_one_class_in_the_test_split_is_too_little(
    make_inputs: Callable[..., EvaluateInputs], tmp_path: Path
) -> None:
    inputs = make_inputs()
    dataset = Dataset.read(inputs.dataset)
    rows = dataset.manifest
    one = (rows["split"] == "test") & (rows["label"] == "defective")
    Dataset(dataset.root, dataset.info, rows.assign(split=rows["split"].mask(one, "train"))).write()
    verdict = judged(inputs, tmp_path / "out")
    assert verdict.word == "insufficient"
    assert "There are 0 test pictures of class 'defective'" in verdict.reasons[0]


def test_two_hundred_classes_are_judged_in_bounded_memory(
    make_inputs: Callable[..., EvaluateInputs], save_model: Callable[..., None], tmp_path: Path
) -> None:
    inputs = make_inputs()
    classes = tuple(f"class-{number:03d}" for number in range(200))
    give(inputs, save_model, classes=classes)
    candidate = Candidate.read(inputs.candidate).info
    write_record(
        inputs.candidate / "candidate.json",
        dataclasses.replace(candidate, classes=classes, positive=""),
    )
    _write_many(inputs.dataset, classes)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    verdict = judged(inputs, tmp_path / "out")
    grown_gib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20
    assert verdict.word == "hold"
    assert (tmp_path / "out" / "report.html").stat().st_size < 20e6
    assert grown_gib < 2.0


def _write_many(root: Path, classes: tuple[str, ...]) -> None:
    """Two test pictures a class, all of them grey: the model answers with one class."""
    shutil.rmtree(root)
    (root / "pictures").mkdir(parents=True)
    rows = []
    for number, label in enumerate(classes * 2):
        path = f"pictures/{number:03d}.png"
        pixels = np.full((12, 12, 1), 60 + number // 4, dtype=np.uint8)
        (root / path).write_bytes(encode_png(pixels))
        name = f"{number:064x}"
        rows.append([path, name, label, np.nan, "", name, "test", 1.0])
    columns = ["path", "sha256", "label", "soft_label", "domain", "group", "split", "weight"]
    info = DatasetInfo(name="many", classes=classes)
    Dataset(root, info, pd.DataFrame(rows, columns=columns)).write()
