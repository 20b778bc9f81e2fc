"""95 % intervals by resampling groups, not pictures.

Pictures of one module, lot or session resemble each other; treating them as independent makes
intervals several times too narrow. The percentile cluster bootstrap (Efron and Tibshirani 1993,
chapter 13; Cameron, Gelbach and Miller 2008) draws whole groups with replacement.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.common.artifacts.evaluation import Metric
from components.common.progress import track
from components.common.seeding import generator
from components.evaluate.metrics import METRICS, Floats, Integers, Scored

_LOW_PERCENT, _HIGH_PERCENT = 2.5, 97.5
_FEW_GROUPS = 10
_CELLS_AT_ONCE = 4_000_000  # of the weight matrix: 32 MB
_LEAST_DEFINED = 0.5  # share of draws in which a figure must exist


@dataclass(frozen=True)
class Figures:
    """Metrics that could be computed, and sentences about what could not or needs care."""

    metrics: tuple[Metric, ...]
    notes: tuple[str, ...]


def measure(scored: Scored, groups: Sequence[str], *, draws: int, seed: int) -> Figures:
    """Compute every metric with its interval.

    Args:
        scored: N >= 1 pictures.
        groups: N names; pictures of one name are drawn together.
        draws: bootstrap resamples.
        seed: of the resampling; equal seeds give equal intervals.
    """
    clusters = _clusters(groups)
    notes = list(clusters.notes)
    ones = np.ones((1, len(scored.targets)))
    values = {name: float(figure(scored, ones)[0]) for name, figure in METRICS.items()}
    known = [name for name, value in values.items() if not np.isnan(value)]
    samples = _resample(scored, clusters, known, draws=draws, seed=seed)
    metrics = []
    for name in known:
        defined = samples[name][~np.isnan(samples[name])]
        if len(defined) >= _LEAST_DEFINED * draws:
            low, high = np.percentile(defined, [_LOW_PERCENT, _HIGH_PERCENT])
            metrics.append(Metric(name=name, value=values[name], low=float(low), high=float(high)))
    missing = [name for name in METRICS if name not in {metric.name for metric in metrics}]
    if missing:
        notes.append(f"Not computable with so few classes or pictures: {', '.join(missing)}.")
    return Figures(tuple(metrics), tuple(notes))


@dataclass(frozen=True)
class _Clusters:
    """`index` int [N]: which of the `count` clusters a picture is in."""

    index: Integers
    count: int
    notes: tuple[str, ...]


def _clusters(groups: Sequence[str]) -> _Clusters:
    names, index = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
    count = len(names)
    if count == 1 and len(groups) > 1:
        note = "All pictures are in one group, so the intervals treat pictures as independent: "
        note += "they are too narrow if the pictures resemble each other."
        return _Clusters(np.arange(len(groups)), len(groups), (note,))
    if count < _FEW_GROUPS:
        note = f"Only {count} groups: the intervals are rough, and rather too narrow."
        return _Clusters(index.astype(np.int64), count, (note,))
    return _Clusters(index.astype(np.int64), count, ())


def _resample(
    scored: Scored, clusters: _Clusters, names: Sequence[str], *, draws: int, seed: int
) -> dict[str, Floats]:
    """Return `draws` values of each metric."""
    random = generator(seed, "evaluate", "bootstrap")
    at_once = max(1, _CELLS_AT_ONCE // max(1, len(scored.targets)))
    parts: dict[str, list[Floats]] = {name: [] for name in names}
    for start in track(range(0, draws, at_once), "resampling groups"):
        size = min(at_once, draws - start)
        even = np.full(clusters.count, 1 / clusters.count)
        times_drawn = random.multinomial(clusters.count, even, size=size)
        weights = times_drawn[:, clusters.index].astype(np.float64)
        for name in names:
            parts[name].append(METRICS[name](scored, weights))
    return {name: np.concatenate(values) for name, values in parts.items()}
