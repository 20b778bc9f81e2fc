"""What is found in pictures whose faults are known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.inspection import Inspection, InspectionInfo
from components.ingest.config import IngestConfig
from components.ingest.step import read_source
from components.inspect import hidden_groups
from components.inspect.left_out import LeaveOneOut
from components.inspect.write import write


def inspect(dataset: Dataset, embeddings: np.ndarray, out: Path) -> InspectionInfo:
    info = write(dataset, embeddings, out=out, seed=0)
    assert Inspection.read(out).info == info
    return info


def test_flipped_labels_stand_first_and_nothing_is_changed(
    embedded: Callable[..., tuple[Dataset, np.ndarray]], tmp_path: Path
) -> None:
    dataset, embeddings = embedded()
    embeddings += 4 * (dataset.manifest["label"] == "bad").to_numpy()[:, None]
    flipped = np.arange(0, 192, 24)
    other = {"good": "bad", "bad": "good"}
    before = dataset.manifest["label"].copy()
    dataset.manifest.loc[flipped, "label"] = before[flipped].map(other)
    info = inspect(dataset, embeddings, tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "label_errors.csv", keep_default_na=False)
    names = dataset.manifest["path"].str.removeprefix("pictures/")
    assert set(table["path"][: len(flipped)]) == set(names[flipped])
    assert info.suspected == len(flipped) == table["suspected"].sum() == len(info.doubted)
    assert table["suggestion"][: len(flipped)].tolist() == [
        other[label] for label in table["label"][: len(flipped)]
    ]
    assert (table["corrected"] == "").all()
    assert table["quality"].is_monotonic_increasing


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        (lambda lot, number: f"{8 * lot + number:04d}", "runs of rows"),
        (lambda lot, number: f"lot{lot:02d}-{number}", "file names"),
        (lambda lot, number: f"lot{lot:02d}_{number}", "file names"),
    ],
)
def test_groups_are_proposed_in_a_manifest_that_can_be_run_on(
    embedded: Callable[..., tuple[Dataset, np.ndarray]],
    tmp_path: Path,
    name: Callable[[int, int], str],
    origin: str,
) -> None:
    from sklearn.metrics import adjusted_rand_score

    dataset, embeddings = embedded(alike=1.5, name=name)
    # A copy is in the group of its first: no group that somebody named.
    dataset.manifest.loc[1, "group"] = dataset.manifest.loc[0, "pixels"]
    info = inspect(dataset, embeddings, tmp_path / "out")
    assert info.groups is not None and info.groups.proposed
    assert info.groups.origin == origin
    assert info.groups.straddling > 0.9 > 0.8 > info.groups.apart
    assert "seem to come in" in info.notes[0]
    manifest = Inspection.read(tmp_path / "out").proposed_manifest
    source = read_source(IngestConfig(source="manifest", path=str(manifest)))
    assert len(source.pictures) == 192
    found = [one.group for one in source.pictures]
    assert adjusted_rand_score(np.arange(192) // 8, found) > 0.6


def test_pictures_without_groups_are_left_in_peace(
    embedded: Callable[..., tuple[Dataset, np.ndarray]], tmp_path: Path
) -> None:
    dataset, embeddings = embedded(name=lambda lot, number: f"lot{lot:02d}-{number}")
    info = inspect(dataset, embeddings, tmp_path / "out")
    assert info.groups is None
    assert info.notes == ()
    assert not Inspection.read(tmp_path / "out").proposed_manifest.exists()


def test_given_groups_are_measured_and_none_are_proposed(
    embedded: Callable[..., tuple[Dataset, np.ndarray]], tmp_path: Path
) -> None:
    dataset, embeddings = embedded(alike=1.5, given=True)
    groups = inspect(dataset, embeddings, tmp_path / "out").groups
    assert groups is not None and groups.origin == "given" and not groups.proposed
    assert groups.groups == 24
    assert groups.flattery.low > 0.05


def test_a_fact_that_tells_the_label_is_named(
    embedded: Callable[..., tuple[Dataset, np.ndarray]],
    tmp_path: Path,
) -> None:
    rng = np.random.default_rng(4)
    dataset, embeddings = embedded(given=True)
    facts = pd.DataFrame({"path": dataset.manifest["path"]})
    bad = (dataset.manifest["label"] == "bad").to_numpy()
    facts["brightness"] = 100 + 40 * bad + rng.normal(0, 10, 192)
    facts["contrast"] = rng.normal(50, 10, 192)
    facts["bytes"] = 99
    facts.to_parquet(dataset.root / "facts.parquet")
    found = {one.fact: one for one in inspect(dataset, embeddings, tmp_path / "out").shortcuts}
    assert set(found) == {"brightness", "contrast"}
    assert found["brightness"].clear and found["brightness"].roc_auc.value > 0.9
    assert not found["contrast"].clear
    assert found["contrast"].roc_auc.low < 0.5 < found["contrast"].roc_auc.high


def test_names_that_tell_the_label_are_a_shortcut_but_its_folder_is_none(
    embedded: Callable[..., tuple[Dataset, np.ndarray]], tmp_path: Path
) -> None:
    dataset, embeddings = embedded(
        name=lambda lot, number: f"{('microscope', 'phone')[lot % 2]}-{lot}-{number}", given=True
    )
    (found,) = inspect(dataset, embeddings, tmp_path / "out").shortcuts
    assert (found.fact, found.clear) == ("file name", True)
    folders = "pictures/" + dataset.manifest["label"] + "/"
    plain = dataset.manifest["sha256"] + ".png"
    bare = Dataset(dataset.root, dataset.info, dataset.manifest.assign(path=folders + plain))
    assert not any(one.clear for one in inspect(bare, embeddings, tmp_path / "bare").shortcuts)


def test_an_order_by_class_proposes_nothing(
    embedded: Callable[..., tuple[Dataset, np.ndarray]], tmp_path: Path
) -> None:
    """Every lot is half good, half bad: what one half leaves behind would count as flattery."""
    dataset, embeddings = embedded(alike=1.5)
    before = (dataset.manifest["label"] == "bad").to_numpy()
    bad = np.arange(192) % 2 == 1
    embeddings += 0.4 * (bad * 1.0 - before)[:, None]
    listed = np.argsort(bad, kind="stable")
    labels = np.where(bad, "bad", "good")
    by_class = dataset.manifest.assign(label=labels).iloc[listed].reset_index(drop=True)
    # Named by the order, as one who counts through his folders would.
    by_class["path"] = [f"pictures/{number:04d}.png" for number in range(192)]
    dataset = Dataset(dataset.root, dataset.info, by_class)
    assert inspect(dataset, embeddings[listed], tmp_path / "out").groups is None


def test_neighbours_that_are_alike_but_teach_nothing(
    embedded: Callable[..., tuple[Dataset, np.ndarray]],
) -> None:
    """The labels go their own way: leaving out a run costs nothing, chance aside."""
    dataset, embeddings = embedded(alike=1.5)
    left_out, facts, proposed = LeaveOneOut.of(embeddings), pd.DataFrame(), 0
    for seed in range(40):
        labels = np.random.default_rng(seed).permutation(np.arange(192) % 2)
        found, groups = hidden_groups.find(
            left_out, embeddings, dataset.manifest, facts, labels, seed=0
        )
        assert (found is None) == (groups == [])
        proposed += found is not None
    assert proposed <= 4
