"""Observations with groups that differ, without pictures or networks."""

import numpy as np

from components.common.artifacts.monitoring.observations import Observations
from components.common.pictures.statistics import STATISTICS

FEATURES = 6
USUAL = np.array([120, 30, 70, 170, 8, 4, 0.01, 0, 0, 0.01, 0.01, 5, 1])
BETWEEN = np.array([25, 5, 15, 20, 1.5, 0.8, 0.004, 0, 0, 0.01, 0.01, 3, 0.2])
WITHIN = np.array([6, 2, 5, 6, 0.6, 0.3, 0.003, 0, 0, 0.01, 0.01, 2, 0.3])


def observe(
    groups: int,
    each: int,
    *,
    seed: int = 0,
    dimmed: float = 1.0,
    moved: float = 0.0,
    defective: float = 0.5,
    first: int = 0,
) -> Observations:
    """Pictures of some groups; `dimmed` scales the light, `moved` shifts embeddings."""
    rng = np.random.default_rng([seed, first])
    member = np.repeat(np.arange(groups), each)
    count = len(member)
    statistics = USUAL + (rng.normal(size=(groups, len(STATISTICS))) * BETWEEN)[member]
    statistics = np.abs(statistics + rng.normal(size=(count, len(STATISTICS))) * WITHIN)
    statistics[:, :6] *= dimmed
    statistics[:, [STATISTICS.index(name) for name in ("warmth", "saturation")]] = 0
    truth = rng.random(count) < defective
    features = rng.normal(size=(count, FEATURES)) + rng.normal(size=(groups, FEATURES))[member]
    features[:, 0] += 3 * truth
    features += moved
    odds = 1 / (1 + np.exp(-3 * (features[:, 0] - 1.5)))
    names = np.array(["bad" if one else "good" for one in truth], dtype=object)
    blank = np.full(count, "", dtype=object)
    return Observations(
        features=features.astype(np.float32),
        statistics=statistics.astype(np.float32),
        scores=np.stack([1 - odds, odds], axis=1).astype(np.float32),
        decisions=np.where(odds > 0.5, "bad", "good").astype(object),
        labels=names,
        groups=np.array([f"g{first + g:03d}" for g in member], dtype=object),
        lines=blank,
        cameras=blank,
        times_unix_s=np.arange(count, dtype=np.float64),
        sha256=np.array([f"{first}-{row:064d}" for row in range(count)], dtype=object),
        classes=("good", "bad"),
    )
