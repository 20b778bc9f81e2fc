"""The quick probe against scikit-learn's ridge regression, and where data are poor."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from components.networks.probe import ridge
from components.networks.probe.ridge import fit_ridge


def _blobs(counts: list[int], *, dimensions: int = 12, apart: float = 1.5) -> tuple:
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(len(counts)), counts)
    centres = apart * random.normal(size=(len(counts), dimensions))
    return centres[labels] + random.normal(size=(len(labels), dimensions)), labels


def test_it_is_ridge_regression_with_classes_that_count_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    features, labels = _blobs([60, 25, 10])
    monkeypatch.setattr(ridge, "_PENALTIES", np.array([0.3]))
    probe = fit_ridge(features, labels, classes=3)
    weights = (len(labels) / (3 * np.bincount(labels)))[labels]
    centre = np.average(features, axis=0, weights=weights)
    known = (features - centre) * np.sqrt(weights)[:, None]
    scale = np.linalg.eigvalsh(known.T @ known).mean()
    wanted = Ridge(alpha=0.3 * scale).fit(features, np.eye(3)[labels], sample_weight=weights)
    assert probe.kernel == pytest.approx(wanted.coef_.T)
    assert probe.bias == pytest.approx(wanted.intercept_)


def test_a_rare_class_is_found_as_often_as_a_frequent_one() -> None:
    features, labels = _blobs([400, 20], dimensions=4, apart=0.8)
    right = fit_ridge(features, labels, classes=2).decide(features) == labels
    assert abs(right[labels == 0].mean() - right[labels == 1].mean()) < 0.15


def test_more_features_than_pictures_and_constant_ones_are_fine() -> None:
    features, labels = _blobs([6, 6], dimensions=40)
    features[:, 3] = 7.0
    assert (fit_ridge(features, labels, classes=2).decide(features) == labels).all()
    alike = fit_ridge(np.ones((6, 3)), np.array([0, 0, 0, 1, 1, 1]), classes=2)
    assert np.isfinite(alike.kernel).all()


def test_a_class_without_pictures_is_never_decided_for() -> None:
    features, labels = _blobs([20, 20])
    decided = fit_ridge(features, labels, classes=3).decide(features)
    assert set(decided) == {0, 1}
