import dataclasses
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from blank_passport import blank_passport
from tiny_shards import write_tiny_shards

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.lineage import read_seen
from components.common.artifacts.passport import write_passport
from components.common.artifacts.records import write_record
from components.common.artifacts.shards import Shards
from components.common.errors import WeightsError
from components.common.step_record import StepRecord
from components.train import warm_start
from components.train.config import TrainConfig
from components.train.fit import train

SAVING_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(SAVING_NOISE)]

PROBE = TrainConfig(backbone="mobilenet_v2/0.35", weights="none", method="linear_probe", flips=1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder with a Candidate in it."""
    run = tmp_path_factory.mktemp("runs") / "monday"
    shards = write_tiny_shards(run / "shards")
    train(shards, out=run / "candidate", settings=PROBE, cache_dir="")
    record = StepRecord(
        step="train",
        state="done",
        started_unix_s=0.0,
        outputs={"candidate": str(run / "candidate")},
    )
    (run / "steps").mkdir()
    write_record(run / "steps" / "train.json", record)
    return run


def published(model_dir: Path, *, version: int, run_id: str) -> Path:
    """A version's folder with its passport; what is served does not matter here."""
    (model_dir / str(version)).mkdir(parents=True)
    passport = blank_passport(model_name=model_dir.name, version=version, run_id=run_id)
    write_passport(model_dir, passport)
    return model_dir / str(version)


def from_there(place: Path) -> TrainConfig:
    return dataclasses.replace(PROBE, warm_start=str(place))


def test_a_candidate_gives_its_backbone_and_the_report_says_so(
    trained: Path, tmp_path: Path
) -> None:
    settings = from_there(trained / "candidate")
    train(trained / "shards", out=tmp_path / "next", settings=settings, cache_dir="")
    first, second = Candidate.read(trained / "candidate"), Candidate.read(tmp_path / "next")
    models = [keras.models.load_model(c.model_path, compile=False) for c in (first, second)]
    for layer in ("Conv1", "block_5_project", "block_13_expand_BN"):
        for one, other in zip(*(m.get_layer(layer).get_weights() for m in models), strict=True):
            np.testing.assert_array_equal(one, other)
    assert f"warm start from {settings.warm_start}" in second.info.notes
    assert not any("was trained on" in note for note in second.info.notes)


def test_the_report_says_that_a_warm_start_saw_pictures_of_another_shape(
    trained: Path, tmp_path: Path
) -> None:
    shards = write_tiny_shards(tmp_path / "shards", fit="pad")
    settings = from_there(trained / "candidate")
    train(shards, out=tmp_path / "next", settings=settings, cache_dir="")
    expected = "the network of the warm start was trained on pictures of 32 px and fit squeeze"
    assert expected in Candidate.read(tmp_path / "next").info.notes


@pytest.mark.parametrize("name", ["solar", "solar/3"])
def test_a_published_version_leads_to_its_candidate(
    trained: Path, tmp_path: Path, name: str
) -> None:
    published(tmp_path / "solar", version=2, run_id="sunday")
    published(tmp_path / "solar", version=3, run_id="monday")
    found = warm_start.source(from_there(tmp_path / name), run_dir=str(trained.parent / "tuesday"))
    assert found == str(trained / "candidate" / "model.keras")


def test_the_candidate_kept_beside_a_version_needs_no_run(trained: Path, tmp_path: Path) -> None:
    published(tmp_path / "solar", version=3, run_id="gone")
    kept = tmp_path / "solar" / "candidates" / "3"
    shutil.copytree(trained / "candidate", kept)
    for name in ("solar", "solar/3"):
        assert warm_start.source(from_there(tmp_path / name), run_dir="") == str(
            kept / "model.keras"
        )


def test_a_version_whose_run_is_gone_is_explained(trained: Path, tmp_path: Path) -> None:
    published(tmp_path / "solar", version=2, run_id="sunday")
    settings = from_there(tmp_path / "solar")
    for run_dir in (str(trained.parent / "tuesday"), ""):
        with pytest.raises(WeightsError, match="version 2 came from in the run sunday"):
            warm_start.source(settings, run_dir=run_dir)


def test_a_folder_without_anything_to_start_from_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="which is none of them"):
        warm_start.source(from_there(tmp_path), run_dir="")


def test_a_file_that_is_not_there_is_named(trained: Path, tmp_path: Path) -> None:
    settings = from_there(tmp_path / "model.keras")
    with pytest.raises(WeightsError, match=r"model\.keras', which is not a file"):
        train(trained / "shards", out=tmp_path / "out", settings=settings, cache_dir="")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("backbone", "vgg16", "backbone mobilenet_v2/0.35, received vgg16"),
        ("classes", ["good", "bad"], "classes functional, defective, received good, bad"),
    ],
)
def test_a_candidate_that_does_not_fit_is_refused(
    trained: Path, tmp_path: Path, key: str, value: object, words: str
) -> None:
    other = shutil.copytree(trained / "candidate", tmp_path / "other")
    record = json.loads((other / "candidate.json").read_text())
    (other / "candidate.json").write_text(json.dumps(record | {key: value}))
    with pytest.raises(WeightsError, match=words):
        train(trained / "shards", out=tmp_path / "out", settings=from_there(other), cache_dir="")


def test_a_bare_file_of_another_architecture_is_refused(trained: Path, tmp_path: Path) -> None:
    file = shutil.copy(trained / "candidate" / "model.keras", tmp_path / "model.keras")
    settings = dataclasses.replace(from_there(Path(file)), backbone="mobilenet_v2/0.5")
    with pytest.raises(WeightsError, match="another architecture"):
        train(trained / "shards", out=tmp_path / "out", settings=settings, cache_dir="")


def test_a_candidate_says_what_it_and_its_start_have_seen(trained: Path, tmp_path: Path) -> None:
    first = read_seen(trained / "candidate")
    index = Shards.read(trained / "shards").index
    assert first is not None
    assert first.sha256 == set(index["sha256"][index["split"] != "test"])
    assert not first.sha256 & set(index["sha256"][index["split"] == "test"])
    assert first.inherited == frozenset()
    settings = from_there(trained / "candidate")
    train(trained / "shards", out=tmp_path / "next", settings=settings, cache_dir="")
    following = read_seen(tmp_path / "next")
    assert following is not None
    assert following.inherited == first.sha256


def test_a_start_that_does_not_say_what_it_has_seen_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert warm_start.seen(str(tmp_path / "bare.keras")) == frozenset()
    assert "does not say what it was trained on" in caplog.text
