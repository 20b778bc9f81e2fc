import numpy as np
import pytest

from components.networks.data import Split
from components.train.loop.epochs import draw_epoch, mix, smoothed


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
    epochs = [draw_epoch(two_views, two_views.targets, rng=rng) for _ in range(20)]
    for epoch in epochs:
        pictures = epoch.rows % 6
        assert sorted(pictures) == list(range(6))
        np.testing.assert_array_equal(epoch.targets, two_views.targets[pictures])
        np.testing.assert_array_equal(epoch.weights, two_views.weights[pictures])
        values = np.arange(12)[:, None] * 1.0
        np.testing.assert_array_equal(epoch.inputs([values])[0], values[epoch.rows])
    assert {row for epoch in epochs for row in epoch.rows} == set(range(12))


def test_mixup_mixes_inputs_targets_and_weights_by_one_share(two_views: Split) -> None:
    rng = np.random.default_rng(0)
    epoch = draw_epoch(two_views, two_views.targets, rng=rng)
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


def test_smoothing_gives_every_class_its_part(two_views: Split) -> None:
    np.testing.assert_allclose(smoothed(two_views.targets, 0.3)[0], [0.8, 0.1, 0.1], atol=1e-6)
    np.testing.assert_array_equal(smoothed(two_views.targets, 0.0), two_views.targets)


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
