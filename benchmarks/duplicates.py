"""Copies planted among a data set's pictures: how many are found, and how many others are taken.

    python -m benchmarks.duplicates [SET ...]

A SET is data/elpv (the default), a folder by class or a manifest.csv. Of every kind of change
copies of up to 300 pictures, others for each kind, are added to the unaltered ones. Beside
`validate` stands what is done otherwise: a perceptual hash of each picture, and whatever is at most
so many bits apart is a copy, with and without the hashes of turned pictures. A second table is of
changes that `validate` does not promise to find.
"""

import argparse
import functools
import io
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks.embedded import settings_of
from benchmarks.first_steps import ingest
from components.common.artifacts.dataset import Dataset
from components.common.pictures.decode import Pixels, decode, to_image
from components.common.pictures.perceptual_hash import perceptual_hash
from components.common.progress import track
from components.common.seeding import generator
from components.validate.copies import candidates, near, registration
from components.validate.copies.spectra import miniature

PLANTED = 300
BITS = (0, 4, 8, 12)
Links = set[tuple[int, int]]
Hashes = npt.NDArray[np.uint64]


def saved_again(pixels: Pixels, quality: int) -> Pixels:
    """Return the picture as a JPEG file gives it back."""
    file = io.BytesIO()
    to_image(pixels).save(file, format="JPEG", quality=quality)
    return decode(file.getvalue())


def resized(pixels: Pixels, factor: float) -> Pixels:
    """Return the picture with other sides."""
    image = to_image(pixels)
    sides = (round(image.width * factor), round(image.height * factor))
    return np.asarray(image.resize(sides, Image.Resampling.BICUBIC)).reshape(*sides[::-1], -1)


def shifted(pixels: Pixels, by_px: int) -> Pixels:
    """Return the picture moved right and down, its border drawn out."""
    padded = np.pad(pixels, ((by_px, 0), (by_px, 0), (0, 0)), mode="edge")
    return padded[: pixels.shape[0], : pixels.shape[1]]


def brightened(pixels: Pixels, factor: float) -> Pixels:
    """Return the picture brighter, white where it overflows."""
    return np.asarray(np.clip(np.rint(pixels * factor), 0, 255), dtype=np.uint8)


def cropped(pixels: Pixels, share: float) -> Pixels:
    """Return the middle of the picture, without so much of each side's length."""
    top, left = (round(side * share / 2) for side in pixels.shape[:2])
    return pixels[top : len(pixels) - top, left : pixels.shape[1] - left]


CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "JPEG, quality 95": lambda pixels: saved_again(pixels, 95),
    "JPEG, quality 75": lambda pixels: saved_again(pixels, 75),
    "90 % of the size": lambda pixels: resized(pixels, 0.9),
    "110 % of the size": lambda pixels: resized(pixels, 1.1),
    "shifted 3 px, both ways": lambda pixels: shifted(pixels, 3),
    "turned by 90 degrees": lambda pixels: np.ascontiguousarray(np.rot90(pixels)),
    "mirrored": lambda pixels: np.ascontiguousarray(pixels[:, ::-1]),
    "10 % brighter": lambda pixels: brightened(pixels, 1.1),
}
NOT_PROMISED: dict[str, Callable[[Pixels], Pixels]] = {
    "cropped by 2 %": lambda pixels: cropped(pixels, 0.02),
    "cropped by 5 %": lambda pixels: cropped(pixels, 0.05),
    "cropped by 10 %": lambda pixels: cropped(pixels, 0.1),
    "cropped by 5 %, resized": lambda pixels: resized(cropped(pixels, 0.05), 1 / 0.95),
}


@dataclass(frozen=True)
class Seen:
    """What the arms see of pictures: `miniatures` uint8 [N, S, S] and `hashes` uint64 [N]."""

    miniatures: Pixels
    hashes: Hashes

    def beside(self, others: "Seen") -> "Seen":
        """Return these pictures and others."""
        return Seen(
            np.concatenate([self.miniatures, others.miniatures]),
            np.concatenate([self.hashes, others.hashes]),
        )


def seen(pictures: Iterator[Pixels]) -> Seen:
    """Return what the arms see."""
    found = [(miniature(one), perceptual_hash(one)) for one in pictures]
    return Seen(np.stack([small for small, _ in found]), np.array([bits for _, bits in found]))


def by_pixels(given: Seen) -> Links:
    """Return the pairs that `validate` takes for copies."""
    pairs, _ = near.compare(given.miniatures)
    return set(zip(pairs["one"].tolist(), pairs["other"].tolist(), strict=True))


def by_hash(given: Seen, *, bits: int, turned: bool) -> Links:
    """Return the pairs of pictures whose hashes are at most so many bits apart."""
    views = orientations(given.hashes) if turned else given.hashes[:, None]
    found: Links = set()
    for row, own in enumerate(given.hashes[:-1]):
        apart = np.bitwise_count(views[row + 1 :] ^ own).min(axis=1)
        found |= {(row, row + 1 + int(at)) for at in np.flatnonzero(apart <= bits)}
    return found


def orientations(hashes: Hashes) -> Hashes:
    """Return the hashes of pictures turned and mirrored, uint64 [N] -> [N, 8], the given one first.

    Mirroring turns the signs of odd frequencies, which are the bits. Frequencies that a picture
    hardly has (it is symmetric) make a few bits differ from the hash of the turned pixels.
    """
    bits = np.unpackbits(hashes.astype(">u8")[:, None].view(np.uint8), axis=1).reshape(-1, 1, 8, 8)
    rows, columns = np.indices((8, 8)) % 2
    mirrors = np.stack([rows * 0, columns, rows, rows ^ columns]).astype(np.uint8)
    views = np.concatenate([bits ^ mirrors, bits.swapaxes(-1, -2) ^ mirrors], axis=1)
    return np.packbits(views.reshape(-1, 8, 64), axis=-1).view(">u8")[..., 0].astype(np.uint64)


def arms() -> Iterator[tuple[str, Callable[[Seen], Links]]]:
    """Yield what looks for copies, by its name in the table."""
    yield "validate", by_pixels
    for turned in (False, True):
        for bits in BITS:
            name = f"hash, {bits} bits{', turned' if turned else ''}"
            yield name, functools.partial(by_hash, bits=bits, turned=turned)


def measure(path: Path, console: Console) -> None:
    """Print the tables of one data set."""
    with tempfile.TemporaryDirectory() as work:
        ingest(out=Path(work) / "dataset", settings=settings_of(path, pooling="mean").ingest)
        dataset = Dataset.read(Path(work) / "dataset")
        rows = dataset.manifest
        pictures = [decode(dataset.picture(one)) for one in track(list(rows["path"]), "decoding")]
    whole = seen(iter(pictures))
    _speed(whole, console)
    groups = rows["group"].where(rows["group"] != "", rows["path"]).to_numpy()
    for changes in (CHANGES, NOT_PROMISED):
        console.print(_found(str(path), whole, pictures, groups, changes))


def _found(
    title: str,
    whole: Seen,
    pictures: list[Pixels],
    groups: npt.NDArray[Any],
    changes: dict[str, Callable[[Pixels], Pixels]],
) -> Table:
    """Return how many planted copies each arm finds, and how many pairs of the others it takes."""
    count = min(PLANTED, len(pictures) // len(changes))
    order = generator(0, "benchmark", "duplicates").permutation(len(pictures))
    originals = order[: count * len(changes)].reshape(len(changes), count)
    changed = zip(changes.values(), originals, strict=True)
    given = whole.beside(seen(change(pictures[one]) for change, ones in changed for one in ones))
    table = Table(title, "pairs across groups", "within", *changes, "all")
    for name, arm in track(list(arms()), "looking for copies"):
        alone, found = arm(whole), arm(given)
        across = sum(groups[one] != groups[other] for one, other in alone)
        planted = enumerate(originals.ravel().tolist(), start=len(pictures))
        hits = np.reshape([(one, copy) in found for copy, one in planted], originals.shape)
        shares = (*hits.mean(axis=1), hits.mean())
        table.add_row(
            *(name, str(across), str(len(alone) - across)),
            *(f"{100 * share:.1f} %" for share in shares),
        )
    return table


def _speed(whole: Seen, console: Console) -> None:
    started = time.perf_counter()
    pairs = candidates.pairs(whole.miniatures)
    between = time.perf_counter()
    different = registration.differences(whole.miniatures, pairs)
    ended = time.perf_counter()
    console.print(
        f"{len(whole.miniatures)} pictures: {len(pairs)} candidates in {between - started:.1f} s, "
        f"compared in {ended - between:.1f} s ({len(pairs) / (ended - between):.0f} a second); "
        f"limit {near.learnt_limit(different):.4f}"
    )


def main() -> None:
    """Print the tables of each set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", type=Path, default=[Path("data/elpv")])
    console = Console(width=220)
    for path in parser.parse_args().sets:
        measure(path, console)


if __name__ == "__main__":
    main()
