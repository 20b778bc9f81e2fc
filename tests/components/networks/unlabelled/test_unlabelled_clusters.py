import numpy as np
import pytest

from components.common.errors import ConfigError
from components.networks.unlabelled import stc
from components.networks.unlabelled.clusters import Variant, estimated_count, find_clusters
from components.networks.unlabelled.head import easiest_labels

TRUTH = np.arange(90) % 3


def blobs(each: int = 4) -> np.ndarray:
    """Three groups of pictures that show three groups of features."""
    rng = np.random.default_rng(0)
    shown = np.repeat(np.eye(3), each, axis=1)[TRUTH] * 3.0
    return (shown + rng.uniform(0, 0.4, shown.shape)).astype(np.float32)


def same(members: np.ndarray) -> bool:
    """Whether clusters and truth are one partition."""
    pairs = set(zip(members.tolist(), TRUTH.tolist(), strict=True))
    return len(pairs) == len(set(members.tolist())) == 3


@pytest.mark.parametrize("variant", ["whitened", "stc", "head"])
def test_each_variant_finds_what_is_there_and_ends_in_one_affine_map(variant: Variant) -> None:
    features = blobs()
    found = find_clusters(features, features, count=3, variant=variant)
    assert same(found.members)
    assert found.count == 3
    logits = features @ found.kernel + found.bias
    np.testing.assert_array_equal(logits.argmax(axis=1), found.members)


def test_statistics_of_other_pictures_say_what_does_not_matter() -> None:
    # One direction, of no meaning, varies much more than the rest.
    rng = np.random.default_rng(1)
    features, auxiliary = blobs(50), rng.normal(0, 0.3, (400, 150)).astype(np.float32)
    features[:, 0] += rng.normal(0, 40, 90)
    auxiliary[:, 0] += rng.normal(0, 40, 400)
    assert not same(find_clusters(features, blobs(50), count=3).members)
    assert same(find_clusters(features, auxiliary, count=3).members)


def test_the_count_is_estimated() -> None:
    features = blobs()
    assert find_clusters(features, features).count == 3
    assert estimated_count(features, least=5, seed=0) >= 5
    assert estimated_count(features[:2], least=2, seed=0) == 2


def test_more_clusters_than_pictures_or_one() -> None:
    features = blobs()[:4]
    for count in (1, 5):
        with pytest.raises(ConfigError, match=rf"between 2 clusters and 4.*received {count}"):
            find_clusters(features, features, count=count)


def test_pictures_that_are_all_alike() -> None:
    even = np.ones((6, 3), np.float32)
    with pytest.warns(UserWarning, match="distinct clusters"):
        assert np.isfinite(find_clusters(even, even, count=2).kernel).all()


def lost(joint: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> float:
    """I(X, Z) - I(X~, Z~) of a joint distribution."""

    def information(p: np.ndarray) -> float:
        alone = p.sum(axis=1, keepdims=True) * p.sum(axis=0)
        return float((p[p > 0] * np.log(p[p > 0] / alone[p > 0])).sum())

    merged = np.eye(rows.max() + 1)[:, rows] @ joint @ np.eye(columns.max() + 1)[columns]
    return information(joint) - information(merged)


def test_what_co_clustering_loses_is_a_divergence_and_never_grows() -> None:
    """Dai et al., lemma 1: what is lost is the divergence of what the clusters say."""
    rng = np.random.default_rng(2)
    joint = stc._joint(rng.gamma(0.5, size=(40, 10)))
    rows, columns = np.arange(40) % 4, np.arange(10) % 3
    before = np.inf
    for _ in range(6):
        said = stc._said(joint, rows, columns, 4)
        weight = joint.sum(axis=1)
        divergence = (joint * (np.log(joint / weight[:, None]) - said[rows])).sum()
        assert divergence == pytest.approx(lost(joint, rows, columns), abs=1e-6)
        assert divergence <= before + 1e-9
        before = divergence
        rows = stc._nearest(joint, said)
        assert lost(joint, rows, columns) <= before + 1e-9
        columns = stc._cost(joint, rows, columns, 3).argmin(axis=1)


def test_the_head_uses_every_label() -> None:
    features = blobs() / 6.0
    rng = np.random.default_rng(3)
    start = rng.normal(0, 0.01, (13, 3)).astype(np.float32)
    weights = easiest_labels(features, start)
    members = (features @ weights[:-1] + weights[-1]).argmax(axis=1)
    assert np.bincount(members, minlength=3).min() > 0
