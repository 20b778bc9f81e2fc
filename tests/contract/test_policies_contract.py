"""What every augmentation policy owes; a new file under policies/ is tested by being there."""

import dataclasses

import numpy as np
import pytest

from components.augment.step import POLICIES
from components.common import config, plugins

NAMES = plugins.names(POLICIES)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_a_view_is_pure_seeded_and_of_the_same_shape(name: str, channels: int) -> None:
    policy = plugins.load(POLICIES, name)
    options = policy.Options()
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, channels), dtype=np.uint8)
    pixels.setflags(write=False)
    for number in range(1, 6):
        views = [
            policy.view(pixels, number=number, rng=np.random.default_rng(7), options=options)
            for _ in range(2)
        ]
        assert views[0].dtype == np.uint8
        assert views[0].shape == pixels.shape
        np.testing.assert_array_equal(views[0], views[1])
        assert not np.shares_memory(views[0], pixels)


@pytest.mark.parametrize("name", NAMES)
def test_options_are_frozen_and_survive_json(name: str) -> None:
    options = plugins.load(POLICIES, name).Options
    assert dataclasses.is_dataclass(options)
    assert options.__dataclass_params__.frozen
    assert config.from_json(options, config.to_json(options())) == options()
