"""Rows that a network part is fed from, read when indexed: picked, stacked, flipped."""

import hashlib
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from components.common.files import forget_pages

Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]

DIGEST_BYTES = 16
# After so many the pages of a mapped file are let go.
_ROWS_AT_ONCE = 4096


class Rows(Protocol):
    """What a network part can be fed from: anything that yields float or integer rows."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def __getitem__(self, rows: Any, /) -> npt.NDArray[Any]:
        """Return rows by slice or by positions."""


@dataclass(frozen=True)
class PickedRows:
    """Some rows of a source, read when indexed: a fold costs no memory."""

    source: Rows
    rows: Positions

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Any) -> npt.NDArray[Any]:
        return self.source[self.rows[rows]]


@dataclass(frozen=True)
class StackedRows:
    """The rows of several sources one after the other, read when indexed."""

    sources: tuple[Rows, ...]

    def __len__(self) -> int:
        return sum(len(source) for source in self.sources)

    def __getitem__(self, rows: Any) -> npt.NDArray[Any]:
        asked = np.arange(len(self))[rows]
        ends = np.cumsum([len(source) for source in self.sources])
        found = None
        for source, end in zip(self.sources, ends, strict=True):
            first = end - len(source)
            mine = (asked >= first) & (asked < end)
            values = source[np.atleast_1d(asked[mine] - first)]
            if found is None:
                found = np.empty((*asked.shape, *values.shape[1:]), values.dtype)
            found[mine] = values
        return np.asarray(found)


def forget_rows(rows: Rows) -> None:
    """Let go of the memory that rows which were read from a mapped file still take."""
    if isinstance(rows, StackedRows):
        for source in rows.sources:
            forget_rows(source)
    elif isinstance(rows, PickedRows):
        forget_rows(rows.source)
    elif isinstance(rows, FlippedPixels):
        forget_rows(rows.pixels)
    else:
        forget_pages(rows)


def row_digests(pixels: Rows) -> tuple[bytes, ...]:
    """Return what tells each picture of uint8 [N, S, S, C] apart, 16 bytes each."""
    found = []
    for row in range(len(pixels)):
        found.append(hashlib.sha256(pixels[row].tobytes()).digest()[:DIGEST_BYTES])
        if row % _ROWS_AT_ONCE == 0:
            forget_rows(pixels)
    return tuple(found)


@dataclass(frozen=True)
class FlippedPixels:
    """Shard pixels as the network sees them, made when indexed: uint8 [n, S, S, 3]."""

    pixels: Rows
    flip: tuple[bool, bool] = (False, False)

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, rows: Any) -> npt.NDArray[np.uint8]:
        return network_pixels(self.pixels[rows], self.flip)


def network_pixels(pixels: npt.NDArray[np.uint8], flip: tuple[bool, bool]) -> npt.NDArray[np.uint8]:
    """Return what the network sees, uint8 [N, S, S, 3].

    Args:
        pixels: uint8 [N, S, S, 1 or 3].
        flip: (left-right, up-down).
    """
    across, down = flip
    flipped = pixels[:, :, ::-1] if across else pixels
    flipped = flipped[:, ::-1] if down else flipped
    seen = np.broadcast_to(flipped, (*flipped.shape[:3], 3))
    colour = np.empty(seen.shape, np.uint8)
    # A channel at a time: NumPy takes six times as long to spread the last axis by itself.
    for channel in range(3):
        colour[..., channel] = seen[..., channel]
    return colour
