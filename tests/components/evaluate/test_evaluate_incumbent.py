"""The serving version beside a candidate that was judged by cross-validation."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.common.artifacts.dataset import MANIFEST_COLUMNS, Dataset, DatasetInfo
from components.common.artifacts.judging.evaluation import BEST, SERVES
from components.common.artifacts.judging.evaluation import scored as as_scored
from components.common.artifacts.lineage import Lineage, write_lineage
from components.common.artifacts.model_folder import ModelVersion, lineage_path
from components.common.artifacts.records import tree_sha256
from components.common.models.saved_model import Answers
from components.evaluate import incumbent, predictions
from components.evaluate.incumbent import Incumbent, score_incumbent
from components.evaluate.predictions import as_table

CLASSES = ("good", "bad")
PICTURES = 40


def manifest(numbers: range, *, split: str = "train") -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "path": [f"pictures/{n}.png" for n in numbers],
            "sha256": [f"file {n}" for n in numbers],
            "pixels": [f"pixels {n}" for n in numbers],
            "label": [CLASSES[n % 2] for n in numbers],
            "soft_label": np.nan,
            "domain": "",
            "group": [f"g{n}" for n in numbers],
            "split": split,
            "weight": 1.0,
        }
    )
    return rows.loc[:, list(MANIFEST_COLUMNS)]


def dataset(root: Path, rows: pd.DataFrame) -> Dataset:
    info = DatasetInfo(name="n", classes=CLASSES, positive="bad", evidence="cross_validation")
    return Dataset(root, info, rows)


def answers(given: Dataset, *, p_bad: float) -> pd.DataFrame:
    count = len(given.manifest)
    return as_table(
        given.manifest,
        given,
        probabilities=np.tile(np.float32([1 - p_bad, p_bad]), (count, 1)),
        predicted=np.full(count, int(p_bad > 0.5)),
        asked=np.zeros(count, bool),
    )


@pytest.fixture
def version(tmp_path: Path) -> ModelVersion:
    folder = tmp_path / "model" / "3"
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"three")
    return ModelVersion(3, folder)


def keep(version: ModelVersion, rows: pd.DataFrame, out_of_fold: pd.DataFrame | None) -> None:
    folder = lineage_path(version.path.parent, version.number)
    folder.mkdir(parents=True)
    lineage = Lineage(model_sha256="", roots={}, links=())
    write_lineage(folder, lineage, rows, out_of_fold=out_of_fold)


def scored(
    version: ModelVersion,
    now: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    *,
    role: str = SERVES,
    refits: dict[str, pd.DataFrame] | None = None,
) -> tuple[Incumbent, list[str]]:
    """Return the incumbent, asked by a stand-in that is sure of "bad", and what that was asked."""
    asked: list[str] = []

    def ask(folder: Path, given: Dataset, rows: pd.DataFrame, **_: Any) -> pd.DataFrame:
        assert folder == version.path
        asked.extend(rows["path"])
        return answers(Dataset(given.root, given.info, rows), p_bad=0.9)

    monkeypatch.setattr(incumbent, "score", ask)
    ours = answers(now, p_bad=0.4)
    found = score_incumbent(
        version,
        now,
        role=role,
        candidate_sha256="c",
        predictions=ours,
        refits=refits or {},
        batch_size=8,
    )
    return found, asked


def test_known_pictures_are_paired_by_folds_and_new_ones_are_asked_about(
    version: ModelVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dataset(tmp_path, manifest(range(30)))
    keep(version, before.manifest, answers(before, p_bad=0.2))
    # Five are gone, fifteen are new, and all have other names and an encoding of their own now.
    rows = manifest(range(5, 45)).assign(
        path=lambda t: "renamed/" + t["path"], sha256=lambda t: "other " + t["sha256"]
    )
    now = dataset(tmp_path, rows.sample(frac=1.0, random_state=0))
    found, asked = scored(version, now, monkeypatch)
    assert found.predictions is not None
    assert list(found.predictions["path"]) == list(now.manifest["path"])
    assert sorted(asked) == sorted(f"renamed/pictures/{n}.png" for n in range(30, 45))
    new = found.predictions["path"].isin(asked)
    assert np.allclose(found.predictions["p_bad"], np.where(new, 0.9, 0.2))
    assert list(found.predictions["target"]) == list(now.targets(now.manifest))
    assert "25 pictures, which judges its recipe" in found.note and "left out" not in found.note


def test_the_best_version_is_paired_by_its_folds_too(
    version: ModelVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = dataset(tmp_path, manifest(range(PICTURES)))
    keep(version, now.manifest, answers(now, p_bad=0.2))
    found, asked = scored(version, now, monkeypatch, role=BEST)
    assert found.predictions is not None and not asked
    assert np.allclose(found.predictions["p_bad"], 0.2)


def test_of_a_version_judged_by_a_held_out_split_its_training_pictures_are_left_out(
    version: ModelVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained, tested = manifest(range(25)), manifest(range(25, PICTURES), split="test")
    keep(version, pd.concat([trained, tested]), None)
    found, asked = scored(version, dataset(tmp_path, manifest(range(PICTURES))), monkeypatch)
    assert found.predictions is not None
    assert list(found.predictions["path"]) == asked == list(tested["path"])
    assert "25 that it was trained on are left out" in found.note


def test_a_recipe_that_was_fitted_again_answers_for_its_version(
    version: ModelVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = dataset(tmp_path, manifest(range(PICTURES)))
    keep(version, now.manifest, None)
    again = answers(now, p_bad=0.3)
    found, asked = scored(version, now, monkeypatch, refits={tree_sha256(version.path): again})
    assert found.predictions is again and not asked
    assert f"its recipe, fitted again on the same folds, answered about {PICTURES}" in found.note
    other, _ = scored(version, now, monkeypatch, refits={"another version's": again})
    assert other.predictions is not None and other.predictions.empty


def test_a_version_that_has_seen_everything_leaves_nothing_to_compare(
    version: ModelVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(version, manifest(range(PICTURES)), None)
    found, asked = scored(version, dataset(tmp_path, manifest(range(PICTURES))), monkeypatch)
    assert found.predictions is not None and found.predictions.empty and not asked


def test_without_a_record_of_what_it_has_seen_it_is_not_compared(
    version: ModelVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, asked = scored(
        version, dataset(tmp_path, manifest(range(PICTURES))), monkeypatch, role=BEST
    )
    assert found.predictions is None and not asked
    assert "Version 3, the best so far, could not be scored" in found.note
    assert "a record of the pictures that version 3 was trained on" in found.note


def test_other_classes_than_before_cannot_be_compared(
    version: ModelVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dataset(tmp_path, manifest(range(30)))
    other = answers(before, p_bad=0.2).rename(columns={"p_bad": "p_broken"})
    keep(version, before.manifest, other)
    found, _ = scored(version, before, monkeypatch)
    assert found.predictions is None and "received good, broken" in found.note


def test_a_version_that_knows_fewer_classes_is_compared_on_those(
    version: ModelVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dataset(tmp_path, manifest(range(20)))
    keep(version, before.manifest, answers(before, p_bad=0.8))
    rows = manifest(range(30))
    rows["label"] = ["broken" if n % 3 == 0 else CLASSES[n % 2] for n in range(30)]
    # The new class stands first, so that every position moves.
    every = ("broken", *CLASSES)
    info = DatasetInfo(name="n", classes=every, evidence="cross_validation")
    now = Dataset(tmp_path, info, rows)
    monkeypatch.setattr(incumbent, "read_passport", lambda *_: SimpleNamespace(classes=CLASSES))
    said = Answers(np.float32([[0.1, 0.9]] * 7), ("bad",) * 7, ("bad",) * 7, ("bad",) * 7)
    monkeypatch.setattr(predictions, "ask", lambda *_, **__: said)
    table = as_table(
        rows,
        now,
        probabilities=np.full((30, 3), 1 / 3, np.float32),
        predicted=np.zeros(30),
        asked=np.zeros(30, bool),
    )
    found = score_incumbent(
        version, now, candidate_sha256="c", predictions=table, refits={}, batch_size=8
    )
    assert found.predictions is not None, found.note
    kept = rows[rows["label"] != "broken"]
    assert list(found.predictions["path"]) == list(kept["path"])
    assert "p_broken" not in found.predictions
    assert set(found.predictions["predicted"]) == {every.index("bad")}
    compared = as_scored(found.predictions, every)
    assert compared.probabilities.shape == (20, 3)
    assert not compared.probabilities[:, 0].any()
