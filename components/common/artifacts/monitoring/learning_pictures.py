"""Held-out pictures that a reference keeps whole, to learn from them what faults cost.

<reference>/learning/<row>.png   at full resolution; the row is that of observations.parquet

The reference step chooses and writes them, which is cheap; a monitor corrupts them and asks the
model, which is not, when it first needs to know.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from components.common.artifacts.monitoring.observations import Observations
from components.common.pictures.decode import Pixels, decode, encode_png
from components.common.seeding import generator

FOLDER = "learning"
_LEAST = 40

Rows = npt.NDArray[np.int64]


def choose(known: Observations, *, most: int, seed: int) -> Rows:
    """Return rows of labelled pictures with scores, from all groups alike, in order.

    Args:
        known: of the reference.
        most: how many at most; none where there are fewer than forty to choose from.
        seed: of the choice.
    """
    usable = np.flatnonzero((known.labels != "") & known.whole("scores"))
    shuffled = generator(seed, "harm", "pictures").permutation(usable)
    groups = known.groups[shuffled]
    turn = np.zeros(len(shuffled), dtype=np.int64)
    for name in set(groups):
        turn[groups == name] = np.arange((groups == name).sum())
    chosen: Rows = np.sort(shuffled[np.argsort(turn, kind="stable")][:most])
    return chosen if len(chosen) >= _LEAST else chosen[:0]


def write(reference: Path, rows: Rows, picture: Callable[[int], Pixels]) -> None:
    """Keep the pictures of some rows."""
    for row in rows:
        path = reference / FOLDER / f"{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_png(picture(int(row))))


def read(reference: Path) -> dict[int, Pixels]:
    """Return the pictures by their rows, in order; none where none were kept.

    Raises:
        DataError: one of them is damaged.
    """
    paths = sorted((reference / FOLDER).glob("*.png"), key=lambda path: int(path.stem))
    return {int(path.stem): decode(path.read_bytes(), name=str(path)) for path in paths}
