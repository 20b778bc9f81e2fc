"""Test pictures that a judged model has seen are left out, or nothing unfair is done with them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.common.artifacts.dataset import Dataset, DatasetInfo
from components.common.artifacts.lineage import (
    Lineage,
    Seen,
    read_seen,
    seen_by_version,
    write_lineage,
    write_seen,
)
from components.common.artifacts.model_folder import candidate_path, lineage_path
from components.evaluate.config import EvaluateConfig
from components.evaluate.seen import MIN_PICTURES, without_seen

TEST = 100


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """150 training pictures and 100 test pictures; only the manifest is looked at."""
    numbers = np.arange(150 + TEST)
    manifest = pd.DataFrame(
        {
            "path": [f"pictures/{number}.png" for number in numbers],
            "sha256": [f"file {number}" for number in numbers],
            "pixels": [f"pixels {number}" for number in numbers],
            "label": np.where(numbers % 2, "good", "bad"),
            "group": [f"lot {number // 5}" for number in numbers],
            "split": np.where(numbers < 150, "train", "test"),
        }
    )
    return Dataset(tmp_path, DatasetInfo(name="d", classes=("good", "bad")), manifest)


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    (tmp_path / "candidate").mkdir()
    return tmp_path / "candidate"


def serving(
    root: Path, rows: pd.DataFrame, *, splits: str | list[str] = "train", **columns: str
) -> EvaluateConfig:
    """Publish version 7, which has these rows in its lineage."""
    model_dir = root / "models" / "model"
    (model_dir / "7").mkdir(parents=True)
    folder = lineage_path(model_dir, 7)
    folder.mkdir(parents=True)
    lineage = Lineage(model_sha256="", roots={}, links=())
    write_lineage(folder, lineage, rows.assign(split=splits, **columns))
    return EvaluateConfig(model_base_path=str(root / "models"))


def test_without_a_version_or_a_start_all_is_judged(dataset: Dataset, candidate: Path) -> None:
    write_seen(candidate, dataset.manifest["sha256"], before=())
    found = without_seen(dataset, candidate, EvaluateConfig())
    assert found.dataset is dataset
    assert (found.unseen, found.notes) == (0, ())


@pytest.mark.parametrize("renamed", ["sha256", "pixels"])
def test_what_the_serving_version_has_seen_is_left_out(
    dataset: Dataset, candidate: Path, tmp_path: Path, renamed: str
) -> None:
    known = dataset.manifest.iloc[100 : 150 + 60]
    splits = ["train"] * 80 + ["validation"] * 20 + ["test"] * 10
    # Found by its pixels in another file, and by its file where the pixels were not kept.
    change = {"sha256": "another file"} if renamed == "sha256" else {"pixels": ""}
    found = without_seen(dataset, candidate, serving(tmp_path, known, splits=splits, **change))
    assert (found.unseen, found.seen_by_incumbent, found.seen_by_start) == (50, 0, 0)
    kept = found.dataset.split("test")["path"].tolist()
    assert kept == [f"pictures/{number}.png" for number in range(200, 250)]
    assert len(found.dataset.split("train")) == 150
    assert (
        "Of 100 test pictures version 7, which serves now, knows 50: 50 are left" in found.notes[0]
    )


def test_where_too_few_remain_the_version_is_not_compared(
    dataset: Dataset, candidate: Path, tmp_path: Path
) -> None:
    known = dataset.manifest.head(150 + TEST - MIN_PICTURES + 1)
    found = without_seen(dataset, candidate, serving(tmp_path, known))
    assert (found.unseen, found.seen_by_incumbent) == (0, TEST - MIN_PICTURES + 1)
    assert len(found.dataset.split("test")) == TEST
    assert "validate.keep_splits=true" in found.notes[0]


def test_exactly_enough_may_remain(dataset: Dataset, candidate: Path, tmp_path: Path) -> None:
    known = dataset.manifest.head(150 + TEST - MIN_PICTURES)
    found = without_seen(dataset, candidate, serving(tmp_path, known))
    assert (found.unseen, found.seen_by_incumbent) == (TEST - MIN_PICTURES, 0)


def test_what_training_started_from_has_seen_is_left_out_too(
    dataset: Dataset, candidate: Path, tmp_path: Path
) -> None:
    files = dataset.manifest["sha256"]
    write_seen(candidate, files.head(150), before=files[150:170])
    settings = serving(tmp_path, dataset.manifest[160:180])
    found = without_seen(dataset, candidate, settings)
    assert found.unseen == 30
    assert "started from knows 20 and version 7, which serves now, knows 20" in found.notes[0]


def test_too_much_known_to_both_leaves_out_what_the_start_knows(
    dataset: Dataset, candidate: Path, tmp_path: Path
) -> None:
    files = dataset.manifest["sha256"]
    write_seen(candidate, files.head(150), before=files[150:170])
    found = without_seen(dataset, candidate, serving(tmp_path, dataset.manifest))
    assert (found.unseen, found.seen_by_start, found.seen_by_incumbent) == (20, 0, 80)
    assert len(found.dataset.split("test")) == 80


def test_a_start_that_knows_too_much_spoils_the_figures(dataset: Dataset, candidate: Path) -> None:
    write_seen(candidate, (), before=dataset.manifest["sha256"])
    found = without_seen(dataset, candidate, EvaluateConfig())
    assert (found.unseen, found.seen_by_start) == (0, TEST)


def test_cross_validation_asks_about_every_picture(candidate: Path, dataset: Dataset) -> None:
    write_seen(candidate, (), before=dataset.manifest["sha256"])
    info = DatasetInfo(name="d", classes=("good", "bad"), evidence="cross_validation")
    crossed = Dataset(dataset.root, info, dataset.manifest.assign(split="train"))
    assert without_seen(crossed, candidate, EvaluateConfig()).unseen == 0


def test_what_a_version_has_seen_goes_back_to_what_it_started_from(
    dataset: Dataset, tmp_path: Path
) -> None:
    serving(tmp_path, dataset.manifest.head(3))
    model_dir = tmp_path / "models" / "model"
    kept = candidate_path(model_dir, 7)
    kept.mkdir(parents=True)
    write_seen(kept, ["file 2"], before=["an old file"])
    assert seen_by_version(model_dir, 7) == Seen(
        sha256=frozenset({"file 0", "file 1", "file 2", "an old file"}),
        pixels=frozenset({"pixels 0", "pixels 1", "pixels 2"}),
        inherited=frozenset({"an old file"}),
    )
    assert seen_by_version(model_dir, 6) is None
    assert read_seen(candidate_path(model_dir, 6)) is None
