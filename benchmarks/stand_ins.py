"""Stand-ins for products that nobody has seen: known pictures rearranged as no camera would.

Light, lens and sensor stay as they were; what lies before them is another thing. Each draws its
design from a generator: give the pictures of one product generators of the same seed.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from components.common.pictures.decode import Pixels

Design = Callable[[Pixels, np.random.Generator], Pixels]

_TILES = 3


def _tiles(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Return the picture in tiles, dealt out again."""
    rows = np.array_split(np.arange(picture.shape[0]), _TILES)
    columns = np.array_split(np.arange(picture.shape[1]), _TILES)
    order, made = rng.permutation(_TILES * _TILES), np.empty_like(picture)
    for place, source in enumerate(order):
        to, of = (np.ix_(rows[one // _TILES], columns[one % _TILES]) for one in (place, source))
        made[to] = np.resize(picture[of], (len(to[0]), to[1].shape[1], picture.shape[2]))
    return made


def _small(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Return several small ones where one large one was."""
    count = int(rng.integers(2, 4))
    rows = np.arange(picture.shape[0]) * count % picture.shape[0]
    columns = np.arange(picture.shape[1]) * count % picture.shape[1]
    return picture[np.ix_(rows, columns)]


def _large(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Return a part of it, twice as large."""
    height, width = picture.shape[:2]
    top, left = rng.integers(0, height // 2 + 1), rng.integers(0, width // 2 + 1)
    rows, columns = top + np.arange(height) // 2, left + np.arange(width) // 2
    return picture[np.ix_(np.minimum(rows, height - 1), np.minimum(columns, width - 1))]


def _negative(picture: Pixels, _rng: np.random.Generator) -> Pixels:
    """Return light where dark was, between the same ends."""
    ends = np.quantile(picture, (0.01, 0.99)).astype(np.int64)
    swapped: Pixels = np.clip(ends.sum() - picture.astype(np.int64), 0, 255).astype(np.uint8)
    return swapped


def _pattern(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Return it with a regular design on it: bars of some distance, width and direction."""
    period, turn, depth = rng.uniform(0.1, 0.3), np.pi * rng.random(), rng.uniform(0.3, 0.6)
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]] / max(picture.shape[:2])
    across = (rows * np.cos(turn) + columns * np.sin(turn)) / period
    bars = np.where(across % 1 < 0.35, 1 - depth, 1.0)
    return np.rint(picture * bars[..., None]).astype(np.uint8)


def _grains(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Return it as of coarse crystals, each lighter or darker, other ones in every picture."""
    from scipy.spatial import cKDTree

    count, own = int(rng.integers(15, 60)), np.random.default_rng(int(picture.sum()))
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]] / max(picture.shape[:2])
    _, nearest = cKDTree(own.random((count, 2))).query(np.stack([rows, columns], -1).reshape(-1, 2))
    shade = own.uniform(0.6, 1.15, count)[nearest].reshape(picture.shape[:2])
    shaded: Pixels = np.clip(np.rint(picture * shade[..., None]), 0, 255).astype(np.uint8)
    return shaded


def _folded(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Return one half and its mirror image, turned by a quarter."""
    half = picture[:, : (picture.shape[1] + 1) // 2]
    whole = np.concatenate([half, half[:, ::-1]], axis=1)[:, : picture.shape[1]]
    turned = np.rot90(whole, int(rng.integers(0, 4)))
    rows = np.arange(picture.shape[0]) * turned.shape[0] // picture.shape[0]
    columns = np.arange(picture.shape[1]) * turned.shape[1] // picture.shape[1]
    return turned[np.ix_(rows, columns)]


def _round(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Return it cut to a disk, the rest as dark, or as light, as its own end."""
    radius = rng.uniform(0.35, 0.48)
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    distance = np.hypot(rows / picture.shape[0] - 0.5, columns / picture.shape[1] - 0.5)
    ground = np.quantile(picture, 0.02 if rng.random() < 0.5 else 0.98)
    return np.where(distance[..., None] < radius, picture, np.uint8(ground)).astype(np.uint8)


STAND_INS: Mapping[str, Design] = MappingProxyType(
    {
        "tiles": _tiles,
        "small": _small,
        "large": _large,
        "negative": _negative,
        "pattern": _pattern,
        "grains": _grains,
        "folded": _folded,
        "round": _round,
    }
)
