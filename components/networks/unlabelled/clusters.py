"""Clusters of pictures by their features, found without a label, and how many there are."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from components.common.errors import ConfigError
from components.common.progress import track
from components.common.seeding import derive, generator
from components.common.statistics.whitening import learn_whitening
from components.networks.rows import Floats, Positions
from components.networks.unlabelled.head import easiest_labels
from components.networks.unlabelled.stc import self_taught_clusters

Variant = Literal["whitened", "stc", "head"]

# Of the mean variance: only the strongest directions are damped.
_FLOOR = 10.0
_RESTARTS, _FEW_RESTARTS = 10, 3  # the fewer where clusters are only counted
_MOST_CLUSTERS = 20
_MOST_COMPARED = 2000
# Of "stc": clusters of features, for each cluster of pictures.
_FEATURE_CLUSTERS = 8


@dataclass(frozen=True)
class Clusters:
    """K clusters: a picture is in the one whose logit, features @ kernel + bias, is largest.

    kernel: float32 [D, K]; bias: float32 [K].
    members: int [N], the cluster of each picture that they were found in.
    """

    kernel: Floats
    bias: Floats
    members: Positions

    @property
    def count(self) -> int:
        """K."""
        return len(self.bias)


def find_clusters(
    features: npt.NDArray[Any],
    auxiliary: npt.NDArray[Any],
    *,
    count: int = 0,
    least: int = 2,
    variant: Variant = "whitened",
    seed: int = 0,
) -> Clusters:
    """Cluster pictures.

    Args:
        features: [N, D], of the pictures.
        auxiliary: [M, D], of the pictures whose statistics are used: the same or others.
        count: how many clusters; 0 estimates it, see `estimated_count`.
        least: fewest clusters that are estimated.
        variant: "whitened" (k-means on whitened features), "stc" (see `stc.py`; a feature has to
            say how much of something is there) or "head" (see `head.py`).
        seed: of the starts.

    Raises:
        ConfigError: more clusters than pictures, or one.
    """
    if count == 1 or max(count, least) > len(features):
        raise ConfigError(
            f"between 2 clusters and {len(features)}, one a picture",
            received=f"{count or least}",
            do="ask for another number, or add pictures",
        )
    with threadpool_limits(1):
        whitening = learn_whitening(auxiliary, floor=_FLOOR)
        rows = whitening.apply(features)
        count = count or estimated_count(rows, least=least, seed=seed)
        centres, members = _nearest_centres(rows, count, seed=seed)
        if variant == "stc":
            others = _nearest_centres(whitening.apply(auxiliary), count, seed=seed)[1]
            return _co_clustered(features, auxiliary, members, others, seed=seed)
        # As a mixture of equal Gaussians has it, with the variance of rows about their centre.
        apart = max(float(np.mean(np.sum((rows - centres[members]) ** 2, axis=1))), 1e-9)
        kernel = 2.0 / apart * centres.T
        bias = -1.0 / apart * np.sum(centres**2, axis=1)
        if variant == "head":
            size = max(float(np.sqrt(np.mean(np.sum(rows**2, axis=1)))), 1e-9)
            found = easiest_labels(rows / size, np.concatenate([kernel * size, bias[None]]))
            kernel, bias = found[:-1] / size, found[-1]
            members = (rows @ kernel + bias).argmax(axis=1)
        folded = whitening.axes @ kernel
        return Clusters(
            folded.astype(np.float32),
            (bias - whitening.centre @ folded).astype(np.float32),
            members,
        )


def estimated_count(rows: Floats, *, least: int, seed: int) -> int:
    """Return how many clusters of rows [N, D] stand most apart.

    The mean silhouette (Rousseeuw 1987, J. Comp. Appl. Math. 20:53) of k-means is largest there. It
    is found without labels, so it counts looks and not meanings.
    """
    from sklearn.metrics import silhouette_score

    chosen = generator(seed, "silhouette").permutation(len(rows))[:_MOST_COMPARED]
    some = rows[chosen]
    scores = {}
    most = min(max(_MOST_CLUSTERS, least), len(some) - 1)
    for count in track(range(least, most + 1), "counting clusters"):
        members = _nearest_centres(some, count, seed=seed, restarts=_FEW_RESTARTS)[1]
        if 1 < len(np.unique(members)) < len(some):
            scores[count] = float(silhouette_score(some, members))
    return max(scores, key=scores.__getitem__, default=least)


def _nearest_centres(
    rows: Floats, count: int, *, seed: int, restarts: int = _RESTARTS
) -> tuple[Floats, Positions]:
    from sklearn.cluster import KMeans

    few = min(count, len(rows))
    found = KMeans(few, n_init=restarts, random_state=derive(seed, "clusters")).fit(rows)
    return found.cluster_centers_.astype(np.float32), found.labels_.astype(np.int64)


def _co_clustered(
    features: npt.NDArray[Any],
    auxiliary: npt.NDArray[Any],
    members: Positions,
    others: Positions,
    *,
    seed: int,
) -> Clusters:
    own, other = np.asarray(features, np.float64), np.asarray(auxiliary, np.float64)
    lowest = min(float(own.min()), float(other.min(initial=0.0)), 0.0)
    members, said = self_taught_clusters(
        own - lowest,
        other - lowest,
        (members, others),
        feature_clusters=_FEATURE_CLUSTERS * int(members.max() + 1),
        seed=seed,
    )
    # Logits as of one draw a feature: what a picture shows in all is of no account.
    kernel = said * (own.shape[1] / max(float((own - lowest).sum(axis=1).mean()), 1e-9))
    bias = -lowest * kernel.sum(axis=0)
    return Clusters(kernel.astype(np.float32), bias.astype(np.float32), members)
