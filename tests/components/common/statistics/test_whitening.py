import numpy as np

from components.common.statistics import whitening


def correlated(count: int, wide: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.normal(size=(count, wide)) @ rng.normal(size=(wide, wide)) + 3.0).astype(np.float32)


def test_without_a_floor_the_covariance_becomes_the_identity() -> None:
    features = correlated(500, 6)
    found = whitening.learn_whitening(features, floor=0.0)
    done = found.apply(features)
    np.testing.assert_allclose(done.mean(axis=0), 0.0, atol=1e-3)
    np.testing.assert_allclose(np.cov(done.T), np.eye(6), atol=1e-2)
    # ZCA, of all whitenings the one nearest to the features themselves, is symmetric.
    np.testing.assert_allclose(found.axes, found.axes.T, atol=1e-4)


def test_the_floor_counts_in_mean_variances() -> None:
    features = correlated(500, 6)
    covariance = np.cov(features.T)
    floored = covariance + 2.0 * np.trace(covariance) / 6 * np.eye(6)
    axes = whitening.learn_whitening(features, floor=2.0).axes
    np.testing.assert_allclose(axes @ floored @ axes, np.eye(6), atol=1e-3)


def test_more_features_than_directions(monkeypatch: object) -> None:
    features = correlated(40, 1200)
    found = whitening.learn_whitening(features, floor=0.1)
    assert found.axes.shape[0] == 1200
    assert found.axes.shape[1] < 40
    assert np.isfinite(found.apply(features)).all()


def test_pictures_that_are_all_alike() -> None:
    assert not whitening.learn_whitening(np.ones((5, 3)), floor=0.1).apply(np.ones((2, 3))).any()
