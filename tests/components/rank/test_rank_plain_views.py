from pathlib import Path

import numpy as np
import pytest

from components.common.artifacts.shards import Shards
from components.common.pictures import decode as pictures
from components.networks import data
from components.networks.data import Split
from components.rank.plain_views import plain_view


@pytest.fixture
def split(tiny_shards: Path) -> Split:
    return data.read(Shards.read(tiny_shards), soft_labels=True).train


def test_view_0_is_resized_as_augment_would(split: Split) -> None:
    view = plain_view(split, size_px=24, max_pictures=100, seed=0)
    assert (view.views, view.pixels.shape) == (1, (split.pictures, 24, 24, 1))
    for row in (0, split.pictures - 1):
        assert np.array_equal(view.pixels[row], pictures.resize(split.pixels[row], 24))


def test_only_whole_groups_are_drawn(split: Split) -> None:
    view = plain_view(split, size_px=32, max_pictures=7, seed=0)
    assert 7 <= view.pictures < split.pictures
    sizes = {name: int((split.groups == name).sum()) for name in set(split.groups)}
    assert all((view.groups == name).sum() == sizes[name] for name in set(view.groups))


def test_what_is_cached_for_one_view_is_never_taken_for_another(split: Split) -> None:
    rows = np.arange(split.pictures)
    digests = [
        split.content_sha256,
        plain_view(split, size_px=32, max_pictures=100, seed=0).content_sha256,
        plain_view(split, size_px=24, max_pictures=100, seed=0).content_sha256,
        plain_view(split, size_px=24, max_pictures=7, seed=0).content_sha256,
        split.take(rows[:3]).content_sha256,
    ]
    assert len(set(digests)) == len(digests)
    again = plain_view(split, size_px=24, max_pictures=100, seed=0)
    assert again.content_sha256 == digests[2]
