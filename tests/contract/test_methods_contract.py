"""What every method owes; a new file under methods/ is tested by being there."""

import dataclasses
import functools
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from components.common import plugins
from components.common.artifacts.augmentation import AugmentationInfo
from components.common.artifacts.shards import INDEX_COLUMNS, Shards, ShardsInfo
from components.common.augmentation.composition import parsed
from components.common.pictures.flips import FLIPS
from components.networks import data, network
from components.networks.config import INPUT
from components.networks.features.cache import ActivationCache
from components.networks.network import Backbone, Network
from components.networks.rows import FlippedPixels
from components.train.config import METHODS
from components.train.options import Uses
from components.train.session import Fitted, Session, flip_averaged_logits, predict, score

# On JAX, reading any Keras variable; Keras and NumPy 2 disagree about a keyword.
KERAS_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(KERAS_NOISE)]

NAMES = plugins.names(METHODS)
SIZE_PX = 16
CLASSES = ("dark", "bright")
# Given to a method where its Options know the key: a contract test has seconds, not minutes.
BATCH = 8
# Of a method's own epochs: from random weights more are needed than after a probe.
EPOCHS_SHARE = 0.4


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A method that has run, beside the network's weights from before."""

    name: str
    data: data.TrainingData
    network: Network
    fitted: Fitted
    session: Session
    before: dict[str, list[np.ndarray]]
    norms_learn: bool

    @functools.cached_property
    def answers(self) -> np.ndarray:
        """Logits of the validation pictures by the whole network, without the cache."""
        pixels = FlippedPixels(self.data.validation.pixels)
        return predict(self.network.model, [pixels], rows=len(pixels))


def small_network() -> Network:
    """Three convolutions with BatchNorm: all that a method may meet, built in no time."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((SIZE_PX, SIZE_PX, 3), name=INPUT)
    x = keras.layers.Rescaling(1 / 127.5, offset=-1, name="preprocess")(pixels)
    for block in (1, 2, 3):
        x = keras.layers.Conv2D(8, 3, strides=2, padding="same", name=f"conv{block}")(x)
        x = keras.layers.BatchNormalization(name=f"norm{block}")(x)
        x = keras.layers.ReLU(name=f"out{block}")(x)
    # Features from before and after the cut: a method has to cope with both.
    backbone = Backbone(keras.Model(pixels, x), ("out1", "out2"), "out2", ("out1", "out3"))
    return network.assemble(backbone, classes=2)


def write_shards(root: Path) -> Shards:
    """Dark and bright noise: 24 training pictures in 2 views, 12 for validation."""
    rng = np.random.default_rng(0)
    rows = []
    for split, count, views in (("train", 24, 2), ("validation", 12, 1)):
        picture = np.arange(count * views) % count
        noise = rng.normal(0, 30, (count * views, SIZE_PX, SIZE_PX, 1))
        pixels = 70 + 110 * (picture % 2)[:, None, None, None] + noise
        np.save(root / f"{split}.npy", pixels.clip(0, 255).astype(np.uint8))
        rows += [
            (split, row, row // count, f"{p}", f"{split}{p}", p % 2, p % 2, "", f"{p // 3}", 1.0)
            for row, p in enumerate(picture)
        ]
    info = ShardsInfo(
        classes=CLASSES,
        positive="bright",
        image_size_px=SIZE_PX,
        channels=1,
        views=2,
        augmentation=AugmentationInfo(policy=parsed("none")),
        seed=0,
        content_sha256="",
    )
    return Shards(root, info, pd.DataFrame(rows, columns=list(INDEX_COLUMNS)))


def quick(method: ModuleType, root: Path) -> Any:
    """The method's defaults, made short where its Options know how; a table where it needs one."""
    options = method.Options()
    known = {field.name for field in dataclasses.fields(options)}
    short = {"batch": BATCH, "epochs": round(EPOCHS_SHARE * getattr(options, "epochs", 0))}
    changes: dict[str, Any] = {key: value for key, value in short.items() if key in known}
    if getattr(method, "USES", Uses()).attributes:
        table = root / "attributes.csv"
        table.write_text("class,light\ndark,0\nbright,1\n")
        changes["attributes"] = str(table)
    return dataclasses.replace(options, **changes)


def run(name: str, root: Path) -> Outcome:
    splits = data.read(write_shards(root), soft_labels=True)
    built = small_network()
    before = {layer.name: layer.get_weights() for layer in built.model.layers}
    method = plugins.load(METHODS, name)
    session = Session(seed=0, flips=2, cache=ActivationCache(root / "cache", 10**9))
    fitted = method.fit(splits, built, quick(method, root), session)
    learn = getattr(method, "NORMS_LEARN", False)
    return Outcome(name, splits, fitted.network or built, fitted, session, before, learn)


@pytest.fixture(scope="session", params=NAMES)
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run(request.param, tmp_path_factory.mktemp("method"))


def test_batch_norm_moves_only_where_the_method_says_so(outcome: Outcome) -> None:
    present = [layer.name for layer in outcome.network.model.layers]
    norms = [name for name in present if name.startswith("norm")]
    assert norms == ["norm1", "norm2", "norm3"][: len(norms)]
    assert norms
    for name in norms:
        after = outcome.network.model.get_layer(name).get_weights()
        for new, old in zip(after, outcome.before[name], strict=True):
            if outcome.norms_learn:
                assert not np.array_equal(new, old), name
            else:
                np.testing.assert_array_equal(new, old, err_msg=name)


def test_it_learns(outcome: Outcome) -> None:
    assert score(outcome.answers, outcome.data.validation).accuracy > 0.9


def test_it_reports_every_epoch(outcome: Outcome) -> None:
    curves = outcome.fitted.curves
    assert outcome.fitted.trainable_parameters > 0
    assert [row.epoch for row in curves] == list(range(1, len(curves) + 1))
    for row in curves:
        assert math.isfinite(row.train_loss)
        assert math.isfinite(row.validation_loss)
        assert 0 <= row.train_accuracy <= 1
        assert 0 <= row.validation_accuracy <= 1


def test_layers_up_to_the_cut_keep_their_weights(outcome: Outcome) -> None:
    names = [layer.name for layer in outcome.network.model.layers]
    cut = names.index(outcome.fitted.cut)
    for name in names[: cut + 1]:
        after = outcome.network.model.get_layer(name).get_weights()
        # A layer that a method added has no weights from before to keep.
        for new, old in zip(after, outcome.before.get(name, after), strict=True):
            np.testing.assert_array_equal(new, old, err_msg=name)


def test_cached_activations_and_pixels_give_the_same_answers(outcome: Outcome) -> None:
    validation = outcome.data.validation
    averaged = flip_averaged_logits(
        outcome.network, validation, cut=outcome.fitted.cut, session=outcome.session
    )
    views = [
        predict(
            outcome.network.model,
            [FlippedPixels(validation.pixels, flip)],
            rows=validation.pictures,
        )
        for flip in FLIPS[:2]
    ]
    np.testing.assert_allclose(averaged, np.mean(views, axis=0), rtol=0.01, atol=0.02)


def test_the_network_is_saved_and_loaded_without_custom_code(
    outcome: Outcome, tmp_path: Path
) -> None:
    outcome.network.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    pixels = [FlippedPixels(outcome.data.validation.pixels)]
    again = predict(loaded, pixels, rows=outcome.data.validation.pictures)
    np.testing.assert_allclose(again, outcome.answers, atol=1e-5)


def test_one_seed_one_result(outcome: Outcome, tmp_path: Path) -> None:
    again = run(outcome.name, tmp_path)
    np.testing.assert_allclose(again.answers, outcome.answers, atol=1e-6)
