"""Cross-validation inside training: every picture is asked about by networks that never saw it."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from tiny_network import tiny_network
from tiny_shards import write_tiny_shards

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.judging.held_out import held_out_logits
from components.common.artifacts.shards import Shards
from components.common.errors import DataError
from components.common.progress import Progress, listening
from components.networks import data
from components.networks.data import TrainingData
from components.networks.features.cache import ActivationCache
from components.networks.network import Network
from components.train.config import TrainConfig
from components.train.fit import train
from components.train.folds.cross_validation import ChosenMethod, _deal, cross_validate
from components.train.methods import linear_probe, linear_probe_finetune
from components.train.session import Fitted, Session

SAVING_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(SAVING_NOISE)]

PROBE = TrainConfig(weights="none", method="linear_probe", flips=2)
FINE_TUNE = dataclasses.replace(
    PROBE,
    method="linear_probe_finetune",
    options={"epochs": 2, "batch": 8, "learning_rate": 1e-3},
    seed=1,
)


def shards_without_splits(root: Path, *, pictures: int = 24) -> Path:
    return write_tiny_shards(root, train=pictures, validation=0)


@pytest.fixture(scope="module")
def crossed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Candidate]:
    root = tmp_path_factory.mktemp("crossed")
    shards = shards_without_splits(root / "shards")
    train(shards, out=root / "candidate", settings=FINE_TUNE, cache_dir=str(root / "cache"))
    return shards, Candidate.read(root / "candidate")


def test_every_picture_is_asked_once_by_group_and_in_every_class(
    crossed: tuple[Path, Candidate],
) -> None:
    shards, candidate = crossed
    table = candidate.out_of_fold()
    rows = Shards.read(shards).rows("train")
    plain = rows[rows["view"] == 0]
    assert list(table["path"]) == list(plain["path"])
    assert list(table["target"]) == list(plain["target"])
    # Six groups hold both classes: five folds, none of them without a class.
    assert set(table["fold"]) == set(range(5))
    assert (table.groupby("group")["fold"].nunique() == 1).all()
    assert (table.groupby("fold")["target"].nunique() == 2).all()
    assert candidate.held_out().equals(table)
    logits = held_out_logits(table, candidate.info.classes)
    assert (logits.argmax(axis=1) == table["target"]).mean() > 0.9


def test_the_shipped_network_learns_from_all_and_says_so(crossed: tuple[Path, Candidate]) -> None:
    _, candidate = crossed
    assert "judged by 5-fold cross-validation, fitted on all pictures" in candidate.info.notes
    assert np.isfinite(candidate.info.temperature)
    curves = candidate.curves()
    assert list(curves["phase"]) == ["probe", "finetune", "finetune"]
    assert curves["validation_loss"].isna().all() and curves["train_loss"].notna().all()
    assert len(candidate.parity_paths()) == 24
    model = keras.models.load_model(candidate.model_path, compile=False)
    assert model.output_shape == (None, 2)


def test_folds_see_their_inner_pictures_alone_and_start_alike(tmp_path: Path) -> None:
    splits = data.read(Shards.read(shards_without_splits(tmp_path / "s")), soft_labels=True)
    built = tiny_network(32)
    before = built.model.get_weights()
    starts = []

    def fit(given: TrainingData, own: Network, options: Any, session: Session) -> Fitted:
        starts.append(own.model.get_weights())
        seen.append(given)
        own.model.get_layer("conv1").trainable = False
        return linear_probe_finetune.fit(given, own, options, session)

    seen: list[TrainingData] = []
    method = SimpleNamespace(fit=fit)
    recipe = ChosenMethod(method, linear_probe_finetune.Options(epochs=1, batch=8))  # type: ignore[arg-type]
    session = Session(seed=0, flips=1, cache=ActivationCache(tmp_path / "cache", 10**8))
    told: list[Progress] = []
    with listening(told.append):
        asked = cross_validate(splits, built, recipe, session)
    assert len(seen) == 5
    for number, given in enumerate(seen):
        outer = np.flatnonzero(asked.folds == number)
        others = set(splits.train.paths) - {splits.train.paths[row] for row in outer}
        assert set(given.train.paths) == others
        assert given.validation.pictures == 0
        assert len(given.train.pixels) == 2 * given.train.pictures
    for weights in (*starts, built.model.get_weights()):
        for one, other in zip(weights, before, strict=True):
            np.testing.assert_array_equal(one, other)
    assert built.model.get_layer("conv1").trainable
    assert any(it.activity.startswith("fold 2 of 5: fine-tuning") for it in told)


def test_names_and_seed_do_not_move_a_picture_to_another_fold(tmp_path: Path) -> None:
    root = shards_without_splits(tmp_path / "s")
    splits = data.read(Shards.read(root), soft_labels=True)
    plain = splits.train.take(np.arange(24))
    order = np.random.default_rng(0).permutation(24)
    renamed = dataclasses.replace(
        plain.take(order),
        groups=np.array([f"other{hash(name) % 7919}" for name in plain.groups[order]]),
    )
    folds = [{frozenset(fold.outer) for fold in _deal(one)} for one in (plain, renamed)]
    assert {frozenset(order[list(outer)]) for outer in folds[1]} == folds[0]


def test_a_killed_run_keeps_the_folds_that_were_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards = shards_without_splits(tmp_path / "s")
    fits = []
    own = linear_probe.fit

    def counted(given: Any, *rest: Any) -> Fitted:
        fits.append(given.train.pictures)
        if len(fits) == 4:
            raise KeyboardInterrupt
        return own(given, *rest)

    monkeypatch.setattr(linear_probe, "fit", counted)
    where = {"settings": PROBE, "cache_dir": str(tmp_path / "cache")}
    with pytest.raises(KeyboardInterrupt):
        train(shards, out=tmp_path / "a", **where)
    train(shards, out=tmp_path / "a", **where)
    assert len(fits) == 4 + 2 + 1  # the fourth fold again, the fifth, and all pictures
    train(shards, out=tmp_path / "b", settings=PROBE, cache_dir="")
    one, other = (Candidate.read(tmp_path / name).out_of_fold() for name in "ab")
    np.testing.assert_allclose(one["z_defective"], other["z_defective"], atol=1e-4)


def test_a_warm_start_is_for_the_shipped_network_alone(
    crossed: tuple[Path, Candidate], tmp_path: Path
) -> None:
    shards, cold = crossed
    warm = dataclasses.replace(FINE_TUNE, warm_start=str(cold.root))
    train(shards, out=tmp_path / "warm", settings=warm, cache_dir="")
    candidate = Candidate.read(tmp_path / "warm")
    ours = held_out_logits(candidate.out_of_fold(), cold.info.classes)
    theirs = held_out_logits(cold.out_of_fold(), cold.info.classes)
    np.testing.assert_allclose(ours, theirs, atol=1e-3)
    assert candidate.info.weights_sha256 != cold.info.weights_sha256
    shipped, before = (
        keras.models.load_model(one.model_path, compile=False) for one in (candidate, cold)
    )
    assert not np.array_equal(
        shipped.get_layer("conv3").get_weights()[0],
        before.get_layer("conv3").get_weights()[0],
    )


def test_a_class_of_one_group_is_refused(tmp_path: Path) -> None:
    root = shards_without_splits(tmp_path / "s", pictures=8)
    shards = Shards.read(root)
    index = shards.index.assign(group=shards.index["target"].astype(str))
    Shards(root, shards.info, index).write()
    with pytest.raises(DataError, match="every class in at least two groups"):
        train(root, out=tmp_path / "c", settings=PROBE, cache_dir="")


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("auto", {"methods": {"low_layers": {"epochs": 1},
                              "full": {"epochs": 1}, "from_scratch": {"epochs": 1}}}),
        ("low_layers", {"epochs": 1, "layer": "conv2"}),
        ("gradual_unfreeze", {"epochs": 2, "stages": 2}),
        ("from_scratch", {"epochs": 1}),
        ("linear_probe_finetune", {"epochs": 3, "keep": "best", "patience": 1}),
    ],
)  # fmt: skip
def test_every_way_to_transfer_can_be_judged_by_folds(
    tmp_path: Path, method: str, options: dict[str, Any]
) -> None:
    root = shards_without_splits(tmp_path / "s", pictures=12)
    settings = dataclasses.replace(PROBE, method=method, options=options, flips=1)
    train(root, out=tmp_path / "c", settings=settings, cache_dir="")
    candidate = Candidate.read(tmp_path / "c")
    assert np.isfinite(held_out_logits(candidate.out_of_fold(), candidate.info.classes)).all()
    if method == "auto":
        assert any("without a check" in note for note in candidate.info.notes)
