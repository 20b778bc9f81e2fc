import numpy as np
import pytest
from sklearn.decomposition import PCA

from components.common.statistics import pca
from components.common.statistics.pca import Components

VALUES = np.random.default_rng(0).normal(size=(60, 12)).astype(np.float32) * np.arange(1, 13)


def test_the_components_are_scikit_learns() -> None:
    fitted = PCA(5, svd_solver="full").fit(VALUES)
    found = Components.of(VALUES, count=5)
    assert np.allclose(np.abs(found.axes.T @ fitted.components_.T), np.eye(5), atol=1e-3)
    distances = np.linalg.norm(found.apply(VALUES)[1:] - found.apply(VALUES)[:-1], axis=1)
    known = np.linalg.norm(np.diff(fitted.transform(VALUES), axis=0), axis=1)
    assert np.allclose(distances, known, rtol=1e-3)


def test_whitened_components_all_have_deviation_one() -> None:
    seen = Components.of(VALUES, count=4, whiten=True).apply(VALUES)
    assert np.allclose(seen.std(axis=0, ddof=1), 1.0)
    assert np.allclose(seen.mean(axis=0), 0.0, atol=1e-5)


@pytest.mark.parametrize(("rows", "known"), [(VALUES[:1], 0), (VALUES[:3], 2), (VALUES * 0, 0)])
def test_directions_without_spread_are_left_out(rows: np.ndarray, known: int) -> None:
    assert Components.of(rows, count=16).axes.shape == (12, known)


def test_rows_that_are_not_finite_stay_so() -> None:
    broken = VALUES.copy()
    broken[3, 2] = np.nan
    seen = Components.of(VALUES, count=4).apply(broken)
    assert np.isnan(seen[3]).all() and np.isfinite(seen[[2, 4]]).all()


def test_of_many_rows_an_even_sample_gives_the_axes(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    values = (rng.normal(size=(4000, 6)) * [9, 4, 1, 1, 1, 1]).astype(np.float32)
    whole = Components.of(values, count=2)
    monkeypatch.setattr(pca, "_ROWS", 500)
    sampled = Components.of(values, count=2)
    np.testing.assert_allclose(abs(sampled.axes.T @ whole.axes), np.eye(2), atol=0.05)
    monkeypatch.setattr(pca, "_ROWS", 4000)
    at_once = sampled.apply(values)
    monkeypatch.setattr(pca, "_ROWS", 7)
    np.testing.assert_allclose(sampled.apply(values), at_once, atol=1e-5)
    assert sampled.apply(values[:0]).shape == (0, 2)
