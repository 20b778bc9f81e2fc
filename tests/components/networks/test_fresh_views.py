"""Views made for an epoch: the same for the same draw, and those that augment would store."""

import dataclasses

import numpy as np
import pytest

from components.common.augmentation.composition import Composition, parsed
from components.networks.data import Split
from components.networks.fresh import VIEWS, fresh_views
from components.networks.rows import network_pixels


@pytest.fixture
def pictures() -> Split:
    labels = np.arange(6) % 2
    return Split(
        pixels=np.random.default_rng(0).integers(0, 256, (12, 16, 16, 1), dtype=np.uint8),
        targets=np.eye(2, dtype=np.float32)[labels],
        labels=labels,
        weights=np.ones(6, np.float32),
        groups=labels.astype(str),
        paths=tuple("abcdef"),
        content_sha256="",
        sha256=tuple("uvwxyz"),
        views_by=Composition.of(parsed(["flips", "brightness"]), seed=3),
    )


def test_a_row_is_the_view_that_augment_would_store(pictures: Split) -> None:
    fresh = fresh_views(pictures)
    assert fresh is not None and len(fresh) == 6 * VIEWS
    seen = fresh[np.array([4, 6 * 1 + 4, 6 * 999_999 + 2])]
    assert seen.shape == (3, 16, 16, 3)
    made = pictures.views_by
    assert made is not None
    plain = [pictures.pixels[4], pictures.pixels[4], pictures.pixels[2]]
    wanted = [
        plain[0],
        made.view(plain[1], sha256="y", number=1),
        made.view(plain[2], sha256="w", number=999_999),
    ]
    np.testing.assert_array_equal(seen, network_pixels(np.stack(wanted), (False, False)))
    assert not np.array_equal(seen[0], seen[1])


def test_a_folds_pictures_keep_their_views(pictures: Split) -> None:
    whole, fold = fresh_views(pictures), fresh_views(pictures.select(np.array([5, 1])))
    assert whole is not None and fold is not None
    np.testing.assert_array_equal(
        fold[np.array([2 * 7, 2 * 8 + 1])], whole[np.array([6 * 7 + 5, 6 * 8 + 1])]
    )


def test_without_policies_there_are_none(pictures: Split) -> None:
    assert fresh_views(dataclasses.replace(pictures, views_by=None)) is None
