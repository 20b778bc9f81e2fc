"""Self-taught clustering (Dai, Yang, Xue and Yu 2008, ICML, 10.1145/1390156.1390182).

Pictures X and auxiliary pictures Y are clustered together with the features Z that they share, so
that little of what the pictures say about the features is lost:

    J = I(X, Z) - I(X~, Z~) + weight * (I(Y, Z) - I(Y~, Z~)),

X~, Y~, Z~ being the clusters. By their lemma 1 every step is a choice of the nearest cluster by
Kullback-Leibler divergence, and J never rises.
"""

import numpy as np
import numpy.typing as npt

from components.common.seeding import derive

_ROUNDS = 30
_TINY = 1e-12

Doubles = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


def self_taught_clusters(
    pictures: Doubles,
    auxiliary: Doubles,
    start: tuple[Places, Places],
    *,
    feature_clusters: int,
    seed: int,
    weight: float = 1.0,
) -> tuple[Places, Doubles]:
    """Return the cluster of each picture, int [N], and log p(Z | X~), float64 [D, K].

    The cluster of a new picture is the one for which features @ log p(Z | X~) is largest.

    Args:
        pictures: [N, D], not negative: how much of each feature a picture shows.
        auxiliary: [M, D].
        start: clusters of both to begin with, int [N] and [M], numbered from 0.
        feature_clusters: how many clusters of features both share.
        seed: of the features' first clusters.
        weight: lambda, of the auxiliary pictures.
    """
    from sklearn.cluster import KMeans

    of_own, of_other = start
    counts = int(of_own.max()) + 1, int(of_other.max()) + 1
    few = min(feature_clusters, pictures.shape[1])
    own, other = _joint(pictures), _joint(auxiliary)
    # Features begin together where the pictures' clusters show as much of them.
    shown = np.eye(counts[0])[:, of_own] @ own
    dealer = KMeans(few, n_init=1, random_state=derive(seed, "feature clusters"))
    of_features: Places = dealer.fit_predict((shown / shown.sum(axis=0)).T)
    for _ in range(_ROUNDS):
        before = of_own
        of_own = _nearest(own, _said(own, of_own, of_features, counts[0]))
        of_other = _nearest(other, _said(other, of_other, of_features, counts[1]))
        cost = _cost(own, of_own, of_features, few)
        cost = cost + weight * _cost(other, of_other, of_features, few)
        of_features = cost.argmin(axis=1)
        if np.array_equal(before, of_own):
            break
    said = _said(own, of_own, of_features, counts[0])
    return _nearest(own, said), said.T


def _joint(values: Doubles) -> Doubles:
    """Return p(picture, feature): every picture weighs the same."""
    shown = values + _TINY
    joint: Doubles = shown / shown.sum(axis=1, keepdims=True) / len(shown)
    return joint


def _said(joint: Doubles, of_rows: Places, of_columns: Places, count: int) -> Doubles:
    """Return log p^(column | row cluster): p(its cluster | row cluster) p(column | its cluster).

    Args:
        joint: [R, C], sums to 1.
        of_rows, of_columns: their clusters.
        count: how many clusters of rows there are; one may be empty.

    Returns:
        float64 [count, C].
    """
    by_row = np.eye(count)[:, of_rows] @ joint
    both = by_row @ np.eye(int(of_columns.max()) + 1)[of_columns]
    share = both / np.maximum(both.sum(axis=1, keepdims=True), _TINY)
    column = joint.sum(axis=0)
    within = column / np.maximum(np.bincount(of_columns, column)[of_columns], _TINY)
    said: Doubles = np.log(np.maximum(share[:, of_columns] * within, _TINY))
    return said


def _nearest(joint: Doubles, said: Doubles) -> Places:
    """Return the cluster of least divergence for each row; its entropy is the same for all."""
    nearest: Places = (joint @ said.T).argmax(axis=1)
    return nearest


def _cost(joint: Doubles, of_rows: Places, of_columns: Places, few: int) -> Doubles:
    """Return p(z) KL(p(X | z) || p^(X | Z~)) less the entropy, of each feature and Z~, [D, few]."""
    cost: Doubles = -joint.T @ _said(joint.T, of_columns, of_rows, few).T
    return cost
