"""Self-taught clustering: digits 0 to 4 without a label, with the statistics of digits 5 to 9.

Features are those of `self_taught` (200 patches, a 2 x 2 grid), learnt on 5 to 9 five times; raw
pixels are clustered by k-means, ten starts. The options are the method's defaults; the
whitening's floor among them was set on these digits, where 3, 10 and 30 all reached 0.8.
"""

import warnings

import numpy as np
import numpy.typing as npt

from benchmarks.digit_arrays import KNOWN, digit_arrays, interval, split_of
from benchmarks.methods.table import Row
from components.common.progress import track
from components.common.seeding import derive, generator
from components.networks.rows import FlippedPixels, Positions
from components.networks.rows import Floats as Features
from components.networks.unlabelled.clusters import find_clusters
from components.train.session import predict
from components.train.unlabelled import joined
from components.train.unlabelled.options import PatchOptions

METHOD = "self_taught_clustering"
_COMMAND = f"python -m benchmarks.methods {METHOD} --seeds 20"
_WHOLE_SEEDS = 5
_FEW = (30, 100)
_RAW = "k-means on raw pixels"
_ARMS = {"whitened by 5-9": "whitened", "stc (Dai et al. 2008)": "stc", "head (TURTLE)": "head"}


def rows(seeds: int) -> list[Row]:
    """Measure all arms: all 2,500 digits with five seeds, and `seeds` draws of few."""
    pixels, truth = digit_arrays()
    mine = truth < KNOWN
    labels = truth[mine]
    raw = pixels[mine].reshape(len(labels), -1).astype(np.float32) / np.float32(255)
    whole: dict[str, list[tuple[float, float]]] = {}
    few: dict[tuple[str, int], list[tuple[float, float]]] = {}
    counts, learnt = [], []
    for seed in track(range(seeds), "clustering digits"):
        if seed < _WHOLE_SEEDS:
            split = split_of(pixels[~mine], np.full(int((~mine).sum()), -1))
            model = joined.patch_features(split, PatchOptions(), seed=seed)
            learnt.append(predict(model, [FlippedPixels(pixels)], rows=len(pixels)))
        own, other = learnt[seed % _WHOLE_SEEDS][mine], learnt[seed % _WHOLE_SEEDS][~mine]
        if seed < _WHOLE_SEEDS:
            counts.append(find_clusters(own, other, seed=seed).count)
            for name, found in _members(own, other, raw, seed=seed).items():
                whole.setdefault(name, []).append(_agreement(labels, found))
        for count in _FEW:
            drawn = generator(seed, "few digits", str(count)).permutation(len(own))[:count]
            for name, found in _members(own[drawn], other, raw[drawn], seed=seed).items():
                few.setdefault((name, count), []).append(_agreement(labels[drawn], found))
    table = []
    for name, values in whole.items():
        for kind, score in zip(("NMI", "ARI"), np.array(values).T, strict=True):
            goal = 80.0 if name == "whitened by 5-9" else None
            table.append(_row(f"2,500 digits, five clusters, {kind}: {name}", score, goal))
    for (name, count), values in few.items():
        table.append(_row(f"{count} digits, NMI: {name}", np.array(values)[:, 0]))
    for count in _FEW:
        gain = np.subtract(few["whitened by 5-9", count], few[_RAW, count])[:, 0]
        table.append(_row(f"{count} digits, gain in NMI over raw pixels, paired", gain, 8.0))
    estimated = np.array(counts, np.float64)
    value, low, high = (one / 100 for one in interval(estimated))
    what = "how many clusters are estimated where there are five classes (2,500 digits)"
    table.append(
        Row(
            method=METHOD, what=what, value=value, low=low, high=high, seeds=len(counts),
            command=_COMMAND, unit="clusters",
        )
    )  # fmt: skip
    return table


def _members(own: Features, other: Features, raw: Features, *, seed: int) -> dict[str, Positions]:
    from sklearn.cluster import KMeans

    plain = KMeans(KNOWN, n_init=10, random_state=derive(seed, "raw")).fit_predict(raw)
    found = {_RAW: plain.astype(np.int64)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, variant in _ARMS.items():
            clusters = find_clusters(own, other, count=KNOWN, variant=variant, seed=seed)  # type: ignore[arg-type]
            found[name] = clusters.members
    return found


def _agreement(labels: Positions, members: Positions) -> tuple[float, float]:
    """Return normalised mutual information and adjusted Rand index."""
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    return normalized_mutual_info_score(labels, members), adjusted_rand_score(labels, members)


def _row(what: str, values: npt.NDArray[np.floating], goal: float | None = None) -> Row:
    value, low, high = interval(values)
    return Row(
        method=METHOD, what=what, value=value, low=low, high=high, seeds=len(values), goal=goal,
        command=_COMMAND,
    )  # fmt: skip
