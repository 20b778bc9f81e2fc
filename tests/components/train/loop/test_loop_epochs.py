import dataclasses
import re
from pathlib import Path

import keras
import numpy as np
import pytest
from tiny_tail import split, tiny_inputs, tiny_tail

from components.common.augmentation.composition import Composition, parsed
from components.common.progress import Progress, listening
from components.networks.data import Split
from components.networks.fresh import VIEWS
from components.networks.rows import FlippedPixels
from components.train.loop.epochs import cut_mix, draw_epoch, mix, train_epoch
from components.train.loop.fine_tune import freeze_norms, tune
from components.train.loop.inputs import TuningInputs
from components.train.methods.from_scratch import Options

pytestmark = pytest.mark.slow


@pytest.fixture
def two_views() -> Split:
    labels = np.arange(6) % 3
    return Split(
        pixels=np.zeros((12, 1, 1, 1), np.uint8),
        targets=np.eye(3, dtype=np.float32)[labels],
        labels=labels,
        weights=np.arange(1, 7).astype(np.float32),
        groups=labels.astype(str),
        paths=(),
        content_sha256="",
    )


def test_an_epoch_sees_every_picture_once_in_some_view(two_views: Split) -> None:
    rng = np.random.default_rng(0)
    epochs = [draw_epoch(two_views, rng=rng) for _ in range(20)]
    for epoch in epochs:
        pictures = epoch.rows % 6
        assert sorted(pictures) == list(range(6))
        np.testing.assert_array_equal(epoch.targets, two_views.targets[pictures])
        np.testing.assert_array_equal(epoch.weights, two_views.weights[pictures])
        values = np.arange(12)[:, None] * 1.0
        np.testing.assert_array_equal(epoch.inputs([values])[0], values[epoch.rows])
    assert {row for epoch in epochs for row in epoch.rows} == set(range(12))


def test_pixels_are_trained_on_in_other_views_each_epoch(two_views: Split) -> None:
    made = Composition.of(parsed("flips_shifts_light"), seed=0)
    pictures = dataclasses.replace(two_views, sha256=tuple("abcdef"), views_by=made)
    pixels = (FlippedPixels(pictures.pixels),)
    inputs = TuningInputs(pictures, pixels, pictures, pixels)
    assert inputs.fresh is not None
    rng = np.random.default_rng(0)
    epochs = [draw_epoch(pictures, rng=rng, views=VIEWS) for _ in range(3)]
    assert len({int(row) for epoch in epochs for row in epoch.rows}) == 18
    for epoch in epochs:
        np.testing.assert_array_equal(epoch.targets, two_views.targets[epoch.rows % 6])
    # A teacher has answered about stored views, and activations are of stored ones.
    assert dataclasses.replace(inputs, taught=np.zeros((12, 3), np.float32)).fresh is None
    activations = (np.zeros((12, 4), np.float32),)
    assert dataclasses.replace(inputs, train_inputs=activations).fresh is None


def test_fresh_views_are_trained_on_where_they_are_asked_for() -> None:
    labels = np.arange(8) % 2
    pixels = np.random.default_rng(0).integers(0, 256, (16, 8, 8, 1), dtype=np.uint8)
    pictures = dataclasses.replace(split(labels), pixels=pixels, sha256=tuple("abcdefgh"))
    varied = Composition.of(parsed("flips_shifts_light"), seed=0)

    def losses(*, fresh: bool, views_by: Composition | None) -> list[float]:
        keras.utils.set_random_seed(0)
        start = keras.Input((8, 8, 3))
        flat = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(start))
        tail = keras.Model(start, keras.layers.Dense(2)(flat))
        known = dataclasses.replace(pictures, views_by=views_by)
        rows = (FlippedPixels(pixels),)
        inputs = TuningInputs(known, rows, known, rows)
        options = Options(epochs=3, batch=4, fresh_views=fresh)
        return [row.train_loss for row in tune(tail, inputs, options, seed=0).curves]

    stored = losses(fresh=False, views_by=varied)
    assert losses(fresh=True, views_by=None) == stored
    fresh = losses(fresh=True, views_by=varied)
    assert fresh != stored
    assert losses(fresh=True, views_by=varied) == fresh


def test_cutmix_pastes_and_shares_targets_by_area(two_views: Split) -> None:
    rng = np.random.default_rng(1)
    # Pictures of one colour a class: what is seen of each class is its share of the area.
    maps = np.tile(two_views.targets, (2, 1))[:, None, None, :] * np.ones((1, 8, 8, 1))
    sizes = set()
    for _ in range(10):
        mixed = cut_mix(draw_epoch(two_views, rng=rng), 1.0, size_px=8, rng=rng)
        (inputs,) = mixed.inputs([maps])
        np.testing.assert_allclose(inputs.mean(axis=(1, 2)), mixed.targets, atol=1e-6)
        assert set(np.unique(inputs)) <= {0.0, 1.0}
        first = next(mixed.parts(4))
        np.testing.assert_array_equal(first.inputs([maps])[0], inputs[:4])
        sizes |= {float(share) for share in mixed.shares}
    assert len(sizes) > 10


def test_mixup_mixes_inputs_targets_and_weights_by_one_share(two_views: Split) -> None:
    rng = np.random.default_rng(0)
    epoch = draw_epoch(two_views, rng=rng)
    mixed = mix(epoch, 0.5, rng=rng)
    assert ((mixed.shares > 0.01) & (mixed.shares < 0.99)).any()
    # Inputs that are the targets, repeated over a map: they must be mixed as these are.
    maps = np.tile(two_views.targets, (2, 1))[:, None, None, :] * np.ones((1, 2, 2, 1))
    (inputs,) = mixed.inputs([maps])
    np.testing.assert_allclose(inputs[:, 1, 0], mixed.targets, atol=1e-6)
    np.testing.assert_allclose(mixed.targets.sum(axis=1), 1, atol=1e-6)
    weights = np.tile(two_views.weights, 2)
    share = mixed.shares
    np.testing.assert_allclose(
        mixed.weights,
        share * weights[mixed.rows] + (1 - share) * weights[mixed.partners],
        rtol=1e-6,
    )


def test_balanced_weights_make_every_class_count_the_same() -> None:
    labels = np.asarray([0, 0, 0, 0, 1, 1])
    split = Split(
        pixels=np.zeros((6, 1, 1, 1), np.uint8),
        targets=np.eye(2, dtype=np.float32)[labels],
        labels=labels,
        weights=np.asarray([1, 1, 1, 3, 1, 1], np.float32),
        groups=labels.astype(str),
        paths=(),
        content_sha256="",
    )
    weights = split.balanced().weights
    assert weights[labels == 0].sum() == pytest.approx(weights[labels == 1].sum())
    assert weights.mean() == pytest.approx(1)
    # Within a class, what was worth three times as much still is.
    assert weights[3] == pytest.approx(3 * weights[0])


def uneven() -> TuningInputs:
    inputs = tiny_inputs()
    weights = np.linspace(0.1, 3.0, inputs.train.pictures).astype(np.float32)
    train = dataclasses.replace(inputs.train, weights=weights)
    return dataclasses.replace(inputs, train=train)


def test_parts_put_together_are_the_epoch() -> None:
    inputs = uneven()
    rng = np.random.default_rng(0)
    epoch = mix(draw_epoch(inputs.train, rng=rng), 0.4, rng=rng)
    parts = list(epoch.parts(7))
    assert {len(part.rows) for part in parts[:-1]} == {7}
    fed = [part.inputs(inputs.train_inputs)[0] for part in parts]
    np.testing.assert_array_equal(np.concatenate(fed), epoch.inputs(inputs.train_inputs)[0])
    for name in ("rows", "targets", "weights", "partners", "shares"):
        pieces = [getattr(part, name) for part in parts]
        np.testing.assert_array_equal(np.concatenate(pieces), getattr(epoch, name))


def compiled_tail(*, frozen: bool = False) -> keras.Model:
    """Return a tail; `frozen` norms are what lets the last step be filled up."""
    tail = tiny_tail()
    if frozen:
        freeze_norms(tail)
    tail.compile(
        keras.optimizers.SGD(0.1),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        weighted_metrics=["categorical_accuracy"],
    )
    return tail


@pytest.mark.parametrize("frozen", [False, True])
def test_an_epoch_is_the_one_of_keras_fit(frozen: bool) -> None:
    inputs = uneven()
    rng = np.random.default_rng(0)
    epoch = mix(draw_epoch(inputs.train, rng=rng), 0.4, rng=rng)
    ours, theirs = compiled_tail(frozen=frozen), compiled_tail(frozen=frozen)
    # 48 pictures by 10: the last step has eight.
    scored = train_epoch(ours, inputs.train_inputs, epoch, batch=10, steps_before=0, steps_in_all=5)
    history = theirs.fit(
        epoch.inputs(inputs.train_inputs)[0],
        epoch.targets,
        sample_weight=epoch.weights,
        batch_size=10,
        shuffle=False,
        verbose=0,
    ).history
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert scored.loss == pytest.approx(history["loss"][0], abs=1e-5)
    assert scored.accuracy == pytest.approx(history["categorical_accuracy"][0], abs=1e-5)


def resident_kb(file: Path) -> int:
    """Return how much of a mapped file counts as this process's memory."""
    maps = re.split(r"\n(?=[0-9a-f]+-[0-9a-f]+ )", Path("/proc/self/smaps").read_text())
    mine = [each for each in maps if str(file) in each.partition("\n")[0]]
    assert mine
    return sum(int(kb) for each in mine for kb in re.findall(r"\nRss: +(\d+) kB", each))


def test_rows_that_were_read_are_no_memory(tmp_path: Path) -> None:
    inputs = tiny_inputs()
    file = tmp_path / "rows.npy"
    np.save(file, inputs.train_inputs[0])
    stored = np.load(file, mmap_mode="r")
    assert stored.sum() != 0 and resident_kb(file) > 0
    epoch = draw_epoch(inputs.train, rng=np.random.default_rng(0))
    train_epoch(compiled_tail(), (stored,), epoch, batch=20, steps_before=0, steps_in_all=3)
    assert resident_kb(file) == 0


def test_every_step_is_reported() -> None:
    inputs = tiny_inputs()
    epoch = draw_epoch(inputs.train, rng=np.random.default_rng(0))
    reports: list[Progress] = []

    def note(progress: Progress) -> None:
        reports.append(progress)

    with listening(note):
        train_epoch(
            compiled_tail(), inputs.train_inputs, epoch, batch=20, steps_before=3, steps_in_all=6
        )
    assert [(one.done, one.total) for one in reports] == [(4, 6), (5, 6), (6, 6)]
