import contextlib
import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tiny_shards import write_tiny_shards

from components.common.artifacts.candidate import CURVE_COLUMNS, Candidate
from components.common.artifacts.shards import Shards
from components.common.errors import ConfigError, DataError, WeightsError
from components.common.pictures.flips import FLIPS
from components.common.statistics.temperature import softmax
from components.networks.rows import FlippedPixels
from components.train.config import TrainConfig
from components.train.fit import train
from components.train.loop import fine_tune as tuning
from components.train.session import predict

# Keras' saving and NumPy 2 disagree about a keyword; nothing of ours is concerned.
SAVING_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(SAVING_NOISE)]

# VGG16 has no BatchNorm, so that brightness survives random weights and can be learned.
FINE_TUNE = TrainConfig(
    backbone="vgg16",
    weights="none",
    method="linear_probe_finetune",
    options={"epochs": 2, "batch": 8},
    flips=2,
    seed=1,
)
PROBE = TrainConfig(backbone="vgg16", weights="none", method="linear_probe", flips=4)


@pytest.fixture(scope="module")
def fine_tuned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Candidate]:
    root = tmp_path_factory.mktemp("fine_tuned")
    shards = write_tiny_shards(root / "shards")
    train(shards, out=root / "candidate", settings=FINE_TUNE, cache_dir=str(root / "cache"))
    return shards, Candidate.read(root / "candidate")


def test_the_candidate_tells_its_story(fine_tuned: tuple[Path, Candidate]) -> None:
    info = fine_tuned[1].info
    curves = fine_tuned[1].curves()
    assert info.classes == ("functional", "defective")
    assert (info.backbone, info.method) == ("vgg16", "linear_probe_finetune")
    assert (info.image_size_px, info.flips, info.seed) == (32, 2, 1)
    assert len(info.weights_sha256) == 64
    # The last three convolutions and the head.
    assert info.trainable_parameters == 3 * (3 * 3 * 512 * 512 + 512) + 512 * 2 + 2
    assert tuple(curves.columns) == CURVE_COLUMNS
    assert list(curves["phase"]) == ["probe", "finetune", "finetune"]
    assert list(curves["epoch"]) == [1, 2, 3]
    assert np.isfinite(curves.select_dtypes("number").to_numpy()).all()


def test_the_saved_network_maps_raw_pixels_to_the_kept_answers(
    fine_tuned: tuple[Path, Candidate],
) -> None:
    shards, candidate = fine_tuned
    model = keras.models.load_model(candidate.model_path, compile=False)
    rows = Shards.read(shards).rows("validation")
    assert candidate.parity_paths() == list(rows["path"])
    pixels = Shards.read(shards).pixels("validation")
    views = [predict(model, [FlippedPixels(pixels, flip)], rows=len(rows)) for flip in FLIPS[:2]]
    logits = np.mean(views, axis=0)
    answers = softmax(logits / np.float32(candidate.info.temperature))
    np.testing.assert_allclose(answers, candidate.parity_probabilities(), atol=1e-5)
    assert model.get_layer("embedding").output.shape[1:] == (512,)


def test_the_embeddings_are_those_of_the_network_before_it_was_tuned(
    fine_tuned: tuple[Path, Candidate], tmp_path: Path
) -> None:
    shards, candidate = fine_tuned
    rows = Shards.read(shards).rows("train")
    kept = candidate.embeddings()
    assert kept is not None
    assert kept[0] == rows.loc[rows["view"] == 0, "path"].tolist()
    # A probe from the same start tunes nothing, so its network sees pictures as the start did.
    probe = dataclasses.replace(PROBE, seed=FINE_TUNE.seed)
    train(shards, out=tmp_path / "probe", settings=probe, cache_dir="")
    model = keras.models.load_model(tmp_path / "probe" / "model.keras", compile=False)
    seen = keras.Model(model.inputs, model.get_layer("embedding").output)
    pixels = Shards.read(shards).pixels("train")[: len(kept[0])]
    wanted = predict(seen, [FlippedPixels(pixels, (False, False))], rows=len(kept[0]))
    np.testing.assert_allclose(kept[1], wanted, atol=2e-3 * np.abs(wanted).max())


def test_after_a_warm_start_no_embeddings_are_kept(
    fine_tuned: tuple[Path, Candidate], tmp_path: Path
) -> None:
    shards, candidate = fine_tuned
    warm = dataclasses.replace(PROBE, warm_start=str(candidate.root))
    train(shards, out=tmp_path / "warm", settings=warm, cache_dir="")
    assert Candidate.read(tmp_path / "warm").embeddings() is None


def test_the_saved_network_loads_without_our_code(fine_tuned: tuple[Path, Candidate]) -> None:
    code = (
        "import sys, keras; m = keras.models.load_model(sys.argv[1]);"
        "assert not [name for name in sys.modules if name.startswith('components')];"
        "assert m.input_shape == (None, 32, 32, 3) and m.output_shape == (None, 2)"
    )
    path = str(fine_tuned[1].model_path)
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, cwd="/", check=False
    )
    assert done.returncode == 0, done.stderr


def test_one_seed_gives_one_network(fine_tuned: tuple[Path, Candidate], tmp_path: Path) -> None:
    shards, first = fine_tuned
    train(shards, out=tmp_path / "again", settings=FINE_TUNE, cache_dir="")
    again = Candidate.read(tmp_path / "again")
    np.testing.assert_allclose(
        again.parity_probabilities(), first.parity_probabilities(), atol=1e-6
    )
    assert again.info == first.info


def test_a_killed_run_goes_on_where_it_stood_and_leaves_nothing_behind(
    fine_tuned: tuple[Path, Candidate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards, whole = fine_tuned
    real, calls = tuning.train_epoch, []

    def dies_in_the_second(*arguments: Any, **settings: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments, **settings)

    monkeypatch.setattr(tuning, "train_epoch", dies_in_the_second)
    cache = tmp_path / "cache"
    for _ in range(2):
        with contextlib.suppress(KeyboardInterrupt):
            train(shards, out=tmp_path / "out", settings=FINE_TUNE, cache_dir=str(cache))
    assert len(calls) == 3  # the first epoch was not trained again
    resumed = Candidate.read(tmp_path / "out")
    np.testing.assert_allclose(
        resumed.parity_probabilities(), whole.parity_probabilities(), atol=1e-6
    )
    assert list(resumed.curves()["epoch"]) == [1, 2, 3]
    assert list((cache / "unfinished").iterdir()) == []


def test_three_classes_and_a_probe(tmp_path: Path) -> None:
    shards = write_tiny_shards(tmp_path / "shards", train=36, classes=("a", "b", "c"))
    train(shards, out=tmp_path / "candidate", settings=PROBE, cache_dir="")
    candidate = Candidate.read(tmp_path / "candidate")
    assert candidate.parity_probabilities().shape == (12, 3)
    answers = candidate.parity_probabilities().argmax(axis=1)
    assert (answers == np.arange(12) % 3).mean() > 0.6


def test_soft_labels_can_be_left_out(tmp_path: Path) -> None:
    root = write_tiny_shards(tmp_path / "shards")
    shards = Shards.read(root)
    # Annotations that say the opposite of the labels: only a probe trained on them follows.
    Shards(root, shards.info, shards.index.assign(soft_label=1 - shards.index["target"])).write()
    truth = shards.rows("validation")["target"].to_numpy()
    hits = {}
    for soft in (True, False):  # one flip: what is asked is which targets were used
        out = tmp_path / f"soft{soft}"
        train(
            root,
            out=out,
            settings=dataclasses.replace(PROBE, soft_labels=soft, flips=1),
            cache_dir="",
        )
        answers = Candidate.read(out).parity_probabilities().argmax(axis=1)
        hits[soft] = float((answers == truth).mean())
    assert hits[True] < 0.3
    assert hits[False] > 0.7


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"backbone": "resnet9000"}, ConfigError, "mobilenet_v2, mobilenet_v3"),
        ({"backbone": "mobilenet_v2/7"}, ConfigError, "'mobilenet_v2/7'"),
        ({"method": "magic"}, ConfigError, "linear_probe"),
        ({"options": {"strenght": 1}}, ConfigError, r"train\.options\.strenght"),
        ({"options": {"strength": "much"}}, ConfigError, "'much'"),
        ({"weights": "nowhere.h5"}, WeightsError, "'nowhere.h5', which is not a file"),
    ],
)
def test_wrong_settings_are_explained(
    tiny_shards: Path, tmp_path: Path, changes: dict, error: type, words: str
) -> None:
    settings = dataclasses.replace(PROBE, **changes)
    with pytest.raises(error, match=words):
        train(tiny_shards, out=tmp_path / "candidate", settings=settings, cache_dir="")


def test_an_unknown_cut_point_lists_the_known_ones(tiny_shards: Path, tmp_path: Path) -> None:
    settings = dataclasses.replace(FINE_TUNE, options={"cut": "block_99_add"})
    with pytest.raises(ConfigError, match="block4_pool"):
        train(tiny_shards, out=tmp_path / "candidate", settings=settings, cache_dir="")


def test_a_class_without_training_pictures_is_named(tiny_shards: Path, tmp_path: Path) -> None:
    shards = Shards.read(tiny_shards)
    gone = shards.index["split"].eq("train")
    index = shards.index.assign(target=shards.index["target"].mask(gone, 0))
    Shards(tiny_shards, shards.info, index).write()
    with pytest.raises(DataError, match="none of defective"):
        train(tiny_shards, out=tmp_path / "candidate", settings=PROBE, cache_dir="")


def test_a_class_without_validation_pictures_is_reported(tmp_path: Path) -> None:
    root = write_tiny_shards(tmp_path / "shards", train=36, classes=("a", "b", "c"))
    shards = Shards.read(root)
    judged = shards.index["split"].eq("validation") & shards.index["target"].eq(2)
    Shards(
        root, shards.info, shards.index.assign(target=shards.index["target"].mask(judged, 0))
    ).write()
    train(root, out=tmp_path / "candidate", settings=PROBE, cache_dir="")
    assert "no validation picture of c: calibrated without" in (
        Candidate.read(tmp_path / "candidate").info.notes
    )


def test_one_class_is_too_few(tiny_shards: Path, tmp_path: Path) -> None:
    shards = Shards.read(tiny_shards)
    info = dataclasses.replace(shards.info, classes=("functional",), positive="")
    Shards(tiny_shards, info, shards.index.assign(target=0)).write()
    with pytest.raises(DataError, match=r"at least two classes.*received only functional"):
        train(tiny_shards, out=tmp_path / "candidate", settings=PROBE, cache_dir="")


@pytest.mark.parametrize("method", ["linear_probe", "linear_probe_finetune"])
def test_one_picture_a_class_is_enough_to_go_through(tmp_path: Path, method: str) -> None:
    root = write_tiny_shards(tmp_path / "shards", train=2, validation=2, views=1)
    settings = dataclasses.replace(PROBE, method=method)
    train(root, out=tmp_path / "candidate", settings=settings, cache_dir="")
    assert np.isfinite(Candidate.read(tmp_path / "candidate").parity_probabilities()).all()


def test_an_empty_validation_split_is_named(tiny_shards: Path, tmp_path: Path) -> None:
    shards = Shards.read(tiny_shards)
    index = shards.index[shards.index["split"] != "validation"]
    Shards(tiny_shards, shards.info, index).write()
    with pytest.raises(DataError, match="split 'validation'"):
        train(tiny_shards, out=tmp_path / "candidate", settings=PROBE, cache_dir="")


def test_pictures_below_the_networks_minimum_are_refused(tiny_shards: Path, tmp_path: Path) -> None:
    shards = Shards.read(tiny_shards)
    Shards(tiny_shards, dataclasses.replace(shards.info, image_size_px=16), shards.index).write()
    with pytest.raises(DataError, match="at least 32 px for vgg16, received 16 px"):
        train(tiny_shards, out=tmp_path / "candidate", settings=PROBE, cache_dir="")
