"""Finalists measured side by side: tiny networks, made-up validation answers."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_candidate import candidate_info

from components.common.artifacts.candidate import CURVE_COLUMNS, Candidate
from components.common.artifacts.dataset import Dataset, DatasetInfo
from components.common.artifacts.judging.held_out import held_out_table
from components.common.artifacts.records import tree_sha256
from components.common.artifacts.tuning.ranking import LeftOut, RankingInfo
from components.common.artifacts.tuning.selection import Selection
from components.common.artifacts.tuning.shortlist import (
    Finalist,
    NotTrained,
    Shortlist,
    ShortlistInfo,
)
from components.common.errors import DataError, GraftError
from components.common.run_context import RunContext
from components.select import step
from components.select.config import SelectConfig
from components.select.step import SelectInputs, SelectOutputs

pytestmark = [
    pytest.mark.slow,
    # Saving with Keras 3 under TensorFlow 2.20 and NumPy 2.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

SIZE_PX, PICTURES = 8, 40
CLASSES = ("good", "bad")
SETTINGS = SelectConfig(timed_pictures=3)


def write_dataset(root: Path) -> Path:
    rows = [
        {
            "path": f"pictures/{i}.png",
            "sha256": "",
            "label": CLASSES[i % 2],
            "soft_label": float(i % 2),
            "domain": "",
            "group": f"g{i // 4}",
            "split": "validation",
            "weight": 1.0,
        }
        for i in range(PICTURES)
    ]
    info = DatasetInfo(name="<script>", classes=CLASSES, positive="bad")
    Dataset(root, info, pd.DataFrame(rows)).write()
    return root


def write_candidate(root: Path, *, wrong: int, width: int, out_of_fold: bool = False) -> Path:
    """Write a candidate that is wrong about the first `wrong` pictures."""
    import keras

    root.mkdir()
    layers = keras.layers
    pixels = keras.Input((SIZE_PX, SIZE_PX, 3))
    hidden = layers.Dense(width)(layers.Flatten()(pixels))
    keras.Model(pixels, layers.Dense(2)(hidden)).save(root / "model.keras")
    positive = (np.arange(PICTURES) % 2).astype(np.float32)
    positive[:wrong] = 1 - positive[:wrong]
    answers = np.stack([1 - positive, positive], axis=1)
    info = candidate_info(
        CLASSES, positive="bad", backbone=f"net{width}", image_size_px=SIZE_PX, temperature=1.0,
        flips=2,
    )  # fmt: skip
    candidate = Candidate(root, info)
    # Not in the dataset's order: answers are matched by path.
    numbers = np.arange(PICTURES)[::-1]
    paths = [f"pictures/{i}.png" for i in numbers]
    candidate.write(
        curves=pd.DataFrame(columns=list(CURVE_COLUMNS)), paths=paths, probabilities=answers[::-1]
    )
    candidate.write_held_out(
        held_out_table(
            np.log(answers[::-1] + 1e-6),
            classes=CLASSES,
            paths=paths,
            groups=[f"g{i // 4}" for i in numbers],
            targets=numbers % 2,
            folds=numbers // 4 % 5 if out_of_fold else None,
        )
    )
    return root


def write_shortlist(root: Path, count: int) -> Path:
    finalists = tuple(
        Finalist(
            key=f"f{i}", name=f"finalist <{i}>", backbone="net", method="linear_probe",
            image_size_px=SIZE_PX, probe_score=0.5, probe_spread=0.1, estimate_s=1.0,
        )
        for i in range(count)
    )  # fmt: skip
    ranking = RankingInfo(metric="roc_auc", pictures=PICTURES, groups=10, ranked=())
    dropped = LeftOut(name="vgg16 8 px", reason="dropped for the budget")
    info = ShortlistInfo(ranking=ranking, finalists=finalists, left_out=(dropped,), budget_min=5.0)
    Shortlist(root, info).write()
    return root


@pytest.fixture
def inputs(tmp_path: Path) -> SelectInputs:
    """A good network, a bad one, and one that was not trained."""
    good = write_candidate(tmp_path / "good", wrong=2, width=4)
    bad = write_candidate(tmp_path / "bad", wrong=30, width=2)
    absent = tmp_path / "absent"
    NotTrained(reason="not started: the budget").write(absent)
    shortlist = write_shortlist(tmp_path / "shortlist", 3)
    dataset = write_dataset(tmp_path / "dataset")
    return SelectInputs(candidates=(bad, absent, good), shortlist=shortlist, dataset=dataset)


def outputs(tmp_path: Path) -> SelectOutputs:
    return SelectOutputs(candidate=tmp_path / "winner", selection=tmp_path / "selection")


def run(inputs: SelectInputs, tmp_path: Path) -> Selection:
    step.run(SETTINGS, inputs, outputs(tmp_path), RunContext(run_id="r"))
    return Selection.read(tmp_path / "selection")


def test_the_better_network_wins_and_is_passed_on_unchanged(
    inputs: SelectInputs, tmp_path: Path
) -> None:
    info = run(inputs, tmp_path).info
    assert info.winner == "f2"
    assert [one.key for one in info.measured] == ["f0", "f2"]
    bad, good = info.measured
    assert (good.quality, bad.quality) == (pytest.approx(0.95), pytest.approx(0.25))
    assert good.noise == 0.0 < bad.noise
    assert good.parameters == SIZE_PX * SIZE_PX * 3 * 4 + 4 + 4 * 2 + 2
    assert good.size_mb == pytest.approx(4e-6 * good.parameters)
    assert tree_sha256(tmp_path / "winner") == tree_sha256(tmp_path / "good")


def test_out_of_fold_answers_about_all_pictures_choose_where_nothing_is_held_out(
    inputs: SelectInputs, tmp_path: Path
) -> None:
    dataset = Dataset.read(inputs.dataset)
    manifest = dataset.manifest.assign(split="train")
    info = dataclasses.replace(dataset.info, evidence="cross_validation")
    Dataset(dataset.root, info, manifest).write()
    good = write_candidate(tmp_path / "good2", wrong=2, width=4, out_of_fold=True)
    bad = write_candidate(tmp_path / "bad2", wrong=30, width=2, out_of_fold=True)
    chosen = run(
        dataclasses.replace(inputs, candidates=(bad, inputs.candidates[1], good)), tmp_path
    ).info
    assert [one.quality for one in chosen.measured] == pytest.approx([0.25, 0.95])


def test_report_and_record_name_whatever_was_left_out(inputs: SelectInputs, tmp_path: Path) -> None:
    selection = run(inputs, tmp_path)
    assert [one.name for one in selection.info.left_out] == ["finalist <1>", "vgg16 8 px"]
    page = selection.report_path.read_text()
    for words in ("not started: the budget", "dropped for the budget", "finalist &lt;2&gt;"):
        assert words in page
    assert "data:image/png;base64" in page and "<script" not in page and "http" not in page
    shown = step.show(outputs(tmp_path))
    assert shown.figures["validation_balanced_accuracy"] == pytest.approx(0.95)
    assert shown.page == selection.report_path


def test_without_any_trained_finalist_the_first_reason_is_given(
    inputs: SelectInputs, tmp_path: Path
) -> None:
    absent = inputs.candidates[1]
    shortlist = write_shortlist(tmp_path / "one", 1)
    with pytest.raises(GraftError, match="not started: the budget"):
        run(dataclasses.replace(inputs, candidates=(absent,), shortlist=shortlist), tmp_path)


def test_answers_for_other_pictures_are_refused(inputs: SelectInputs, tmp_path: Path) -> None:
    dataset = Dataset.read(inputs.dataset)
    fewer = Dataset(tmp_path / "fewer", dataset.info, dataset.manifest.iloc[:-1])
    fewer.write()
    with pytest.raises(DataError, match="39 held-out pictures"):
        run(dataclasses.replace(inputs, dataset=fewer.root), tmp_path)
