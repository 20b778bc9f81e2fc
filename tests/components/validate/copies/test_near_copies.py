"""Near copies: planted ones of each kind are found, look-alikes are not."""

import io
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from look_alike_parts import SIDE_PX, part
from PIL import Image

from components.common.artifacts.dataset import Dataset
from components.common.pictures.decode import Pixels, decode, encode_png
from components.validate import facts
from components.validate.copies import candidates, duplicates, near, registration, spectra
from components.validate.copies.spectra import miniature


def resized(pixels: Pixels, side: int) -> Pixels:
    return np.asarray(Image.fromarray(pixels[..., 0]).resize((side, side)))[..., None]


def shifted(pixels: Pixels, by_px: int) -> Pixels:
    return np.pad(pixels, ((by_px, 0), (by_px, 0), (0, 0)), mode="edge")[:-by_px, :-by_px]


def jpeg(pixels: Pixels) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0]).save(file, format="JPEG", quality=75)
    return decode(file.getvalue())


CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "saved again": jpeg,
    "smaller": lambda pixels: resized(pixels, 135),
    "larger": lambda pixels: resized(pixels, 165),
    "shifted": lambda pixels: np.pad(pixels, ((3, 0), (3, 0), (0, 0)), mode="edge")[
        :SIDE_PX, :SIDE_PX
    ],
    "turned": lambda pixels: np.rot90(pixels),
    "mirrored": lambda pixels: pixels[:, ::-1],
    "turned and mirrored": lambda pixels: pixels.swapaxes(0, 1),
    "brighter": lambda pixels: np.clip(pixels * 1.1, 0, 255).astype(np.uint8),
    "white where bright": lambda pixels: np.clip(pixels * 1.4, 0, 255).astype(np.uint8),
    "in colour": lambda pixels: np.repeat(pixels, 3, axis=2),
}


def seen(pictures: list[Pixels]) -> Pixels:
    return np.stack([miniature(np.ascontiguousarray(one)) for one in pictures])


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_planted_copies_are_found_among_look_alikes(change: Callable[[Pixels], Pixels]) -> None:
    pictures = [part(seed) for seed in range(40)]
    copies = [change(one) for one in pictures[:10]]
    pairs, limit = near.compare(seen(pictures + copies))
    found = set(zip(pairs["one"], pairs["other"], strict=True))
    assert found == {(row, 40 + row) for row in range(10)}
    assert pairs["difference"].is_monotonic_increasing
    assert pairs["difference"].max() <= limit


def test_pictures_that_look_alike_are_no_copies() -> None:
    pairs, limit = near.compare(seen([part(seed) for seed in range(60)]))
    assert pairs.empty
    assert near.LEAST_LIMIT <= limit <= near.LARGEST_LIMIT


def test_a_set_in_which_every_picture_has_copies() -> None:
    """As it comes from a site that augments for its users."""
    names = ("turned", "mirrored", "saved again", "smaller")
    pictures = [part(seed) for seed in range(20)]
    all_of_them = pictures + [CHANGES[name](one) for name in names for one in pictures]
    pairs, _ = near.compare(seen(all_of_them))
    assert (pairs["one"] % 20 == pairs["other"] % 20).all()
    linked = pd.Series(near.first_linked(len(all_of_them), pairs["one"], pairs["other"]))
    assert linked.tolist() == list(range(20)) * 5


def test_the_limit_follows_how_alike_the_set_is() -> None:
    random = np.random.default_rng(0)
    alike = random.uniform(0.004, 0.02, 1000).astype(np.float32)
    assert near.learnt_limit(alike) == pytest.approx(0.7 * np.quantile(alike, 0.01))
    copies = np.full(300, 0.0002, dtype=np.float32)
    assert near.learnt_limit(np.concatenate([alike, copies])) == near.learnt_limit(alike)
    assert near.learnt_limit(alike * 50) == near.LARGEST_LIMIT
    assert near.learnt_limit(copies) == near.LEAST_LIMIT


@pytest.mark.parametrize("shift", [(0, 0), (4, -3), (-5, 2)])
def test_a_shift_is_found_to_a_fraction_of_a_pixel(shift: tuple[int, int]) -> None:
    large = part(0, side_px=400)[..., 0]
    moved = large[20 + shift[0] : 380 + shift[0], 20 + shift[1] : 380 + shift[1]]
    both = seen([large[20:380, 20:380, None], moved[..., None]])
    assert registration.differences(both, np.array([[0, 1]]))[0] < 0.001


@pytest.mark.parametrize("sides", [(1, 1), (1, 300), (2, 2), (7, 5)])
def test_odd_sizes(sides: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    some = [random.integers(0, 256, (*sides, 1)).astype(np.uint8) for _ in range(4)]
    found = registration.differences(seen(some), np.array([[0, 1], [2, 3]]))
    assert np.isfinite(found).all()


def test_flat_pictures_say_nothing() -> None:
    flat = [np.full((SIDE_PX, SIDE_PX, 1), level, dtype=np.uint8) for level in (0, 0, 90, 90, 255)]
    assert not seen(flat).any()
    pairs, limit = near.compare(seen(flat))
    assert pairs.empty
    assert limit == near.LARGEST_LIMIT


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_pictures(count: int) -> None:
    few = np.stack([miniature(part(0))] * 2)[:count]
    pairs, _ = near.compare(few)
    assert len(pairs) == (count == 2)


def test_candidates_are_each_once_and_never_a_picture_with_itself() -> None:
    pairs = candidates.pairs(seen([part(seed) for seed in range(30)]))
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    assert set(pairs.ravel()) == set(range(30))
    assert miniature(part(0)).shape == (spectra.SIDE_PX, spectra.SIDE_PX)


def test_copies_are_marked(dataset: Callable[..., Dataset]) -> None:
    made = dataset()
    paths = made.manifest["path"].tolist()
    for row in range(20):
        (made.root / paths[row]).write_bytes(encode_png(part(row)))
    turned = encode_png(np.ascontiguousarray(np.rot90(part(1))))
    for row, data in ((21, turned), (24, turned), (26, made.picture(paths[3])), (28, b"broken")):
        (made.root / paths[row]).write_bytes(data)
    table = facts.measure(made)
    found = near.find(table, table[facts.MINIATURE])
    assert found.pairs[["one", "other"]].to_numpy().tolist() == [[paths[1], paths[21]]]
    splits = pd.Series(["train"] * 24 + ["test"] * 36)
    marked = duplicates.mark(
        table, labels=made.manifest["label"], splits=splits, near=found.first
    ).set_index("path")

    def marks(name: str) -> dict[str, str]:
        return dict(marked[name].dropna())

    assert marks("duplicate_of") == {paths[24]: paths[21], paths[26]: paths[3]}
    assert marks("near_duplicate_of") == {paths[21]: paths[1], paths[24]: paths[1]}
    assert marks("near_duplicate_in_other_split") == {
        paths[1]: paths[24],
        paths[21]: paths[24],
        paths[24]: paths[1],
    }
    # Row 24 is good, rows 1 and 21 are bad.
    assert set(marks("near_duplicate_with_other_label")) == {paths[1], paths[21], paths[24]}
