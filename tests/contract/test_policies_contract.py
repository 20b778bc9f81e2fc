"""What every augmentation policy owes; a new file under policies/ is tested by being there."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.common import config, plugins
from components.common.augmentation.composition import POLICIES, Composition, PolicyItem
from components.common.pictures.decode import Pixels

NAMES = plugins.names(POLICIES)
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "augmentation.md"
# They have one view of a picture, or none.
WITHOUT_CHANCE = {"none", "flips", "normalisation", "whitening"}


def picture(channels: int) -> Pixels:
    """Smooth and with edges, as pictures are, and unlike itself turned over."""
    rows, columns = np.mgrid[:32, :32] / 32.0
    waves = [128 + 90 * np.sin(3 * rows + (4 + one) * columns) for one in range(channels)]
    pixels = np.stack(waves, axis=-1)
    pixels[4:12, 6:20] += 30
    return np.clip(pixels, 0, 255).astype(np.uint8)


def view(name: str, pixels: Pixels, *, number: int, sha256: str = "a", seed: int = 3) -> Pixels:
    return Composition.of([PolicyItem(name=name)], seed=seed).view(
        pixels, sha256=sha256, number=number
    )


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_a_view_is_pure_seeded_and_of_the_same_shape(name: str, channels: int) -> None:
    pixels = picture(channels)
    pixels.setflags(write=False)
    blind = channels == 1 and hasattr(plugins.load(POLICIES, name), "COLOUR_ONLY")
    views = [view(name, pixels, number=number) for number in range(1, 4)]
    for number, one in enumerate(views, start=1):
        assert one.dtype == np.uint8
        assert one.shape == pixels.shape
        assert blind or not np.shares_memory(one, pixels)
        np.testing.assert_array_equal(one, view(name, pixels, number=number))
    unchanged = [np.array_equal(one, pixels) for one in views]
    assert all(unchanged) if blind or name == "none" else not all(unchanged)


@pytest.mark.parametrize("name", NAMES)
def test_a_view_depends_on_nothing_but_seed_picture_and_number(name: str) -> None:
    pixels = picture(3)
    alone = view(name, pixels, number=2)
    for others in range(3):
        view(name, picture(3)[::-1].copy(), number=others + 1, sha256=f"other {others}")
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: view(name, pixels, number=2), range(4)))
    for one in together:
        np.testing.assert_array_equal(one, alone)
    if name not in WITHOUT_CHANCE:
        # Several of each: a draw from few, such as of a quality, may fall alike once.
        for drawn in (
            [view(name, pixels, number=2, sha256=sha256) for sha256 in "bcde"],
            [view(name, pixels, number=2, seed=seed) for seed in range(4, 8)],
            [view(name, pixels, number=number) for number in range(3, 7)],
        ):
            assert not all(np.array_equal(one, alone) for one in drawn)


@pytest.mark.parametrize("name", NAMES)
def test_options_are_frozen_and_survive_json(name: str) -> None:
    options: Any = plugins.load(POLICIES, name).Options
    assert dataclasses.is_dataclass(options)
    assert options.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert config.from_json(options, config.to_json(options())) == options()


@pytest.mark.parametrize("name", NAMES)
def test_it_says_when_it_does_harm_and_stands_in_the_table(name: str) -> None:
    said = plugins.load(POLICIES, name).__doc__
    assert said and "Not " in said
    assert f"\n| `{name}` |" in PAGE.read_text()
