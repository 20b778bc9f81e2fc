"""Training-free scores against brute force and against what they must rank."""

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize

from components.networks.probe.grouped import (
    BALANCED_ACCURACY,
    ROC_AUC,
    corrected_error,
    grouped_folds,
    probe_scores,
)
from components.train.transferability import h_score, logme, proxy_a_distance


def _task(rows: int, columns: int, signal: float, *, classes: int = 2) -> tuple:
    rng = np.random.default_rng(0)
    labels = np.arange(rows) % classes
    features = rng.normal(size=(rows, columns))
    features[:, :classes] += signal * np.eye(classes)[labels]
    return features, labels


def _log_evidence(features: np.ndarray, target: np.ndarray, alpha: float, beta: float) -> float:
    """Log density of the target under N(0, I / beta + F F' / alpha), straight from the model."""
    covariance = np.eye(len(target)) / beta + features @ features.T / alpha
    sign, log_determinant = np.linalg.slogdet(covariance)
    assert sign > 0
    fit = target @ np.linalg.solve(covariance, target)
    return -0.5 * (fit + log_determinant + len(target) * np.log(2 * np.pi))


def _largest_evidence(features: np.ndarray, target: np.ndarray) -> float:
    """Search a grid of powers of ten, then climb from its best point."""

    def loss(logs: np.ndarray) -> float:
        return -_log_evidence(features, target, *np.exp(logs))

    powers = np.log(np.logspace(-3, 4, 15))
    start = min(itertools.product(powers, powers), key=lambda logs: loss(np.asarray(logs)))
    return -minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-6}).fun


@pytest.mark.parametrize(("rows", "columns"), [(40, 5), (20, 30)])
def test_logme_is_the_maximum_of_the_evidence(rows: int, columns: int) -> None:
    features, labels = _task(rows, columns, 2.0)
    best = []
    for name in (0, 1):
        target = (labels == name).astype(float)
        best.append(_largest_evidence(features, target))
    assert logme(features, labels) == pytest.approx(np.mean(best) / rows, abs=1e-5)


def test_scores_rise_with_the_signal() -> None:
    weak, labels = _task(120, 10, 0.5)
    strong, _ = _task(120, 10, 4.0)
    assert logme(strong, labels) > logme(weak, labels)
    assert h_score(strong, labels) > 2 * h_score(weak, labels)


def test_h_score_of_well_known_directions_is_the_share_explained() -> None:
    # One feature that is the class: between-class variance over all variance is 1.
    labels = np.arange(1000) % 2
    assert h_score(labels[:, None].astype(float), labels) == pytest.approx(1.0, abs=0.01)


def test_shrinkage_keeps_noise_from_scoring() -> None:
    # With more features than pictures the plain H-score is 1 for any labels.
    noise, labels = _task(40, 200, 0.0)
    assert h_score(noise, labels) < 0.7


@pytest.mark.parametrize(("accuracy", "distance"), [(0.5, 0.0), (0.4, 0.0), (0.75, 1.0), (1, 2)])
def test_proxy_a_distance(accuracy: float, distance: float) -> None:
    assert proxy_a_distance(accuracy) == pytest.approx(distance)


@pytest.mark.parametrize(("metric", "classes"), [(ROC_AUC, 2), (BALANCED_ACCURACY, 4)])
def test_the_probe_is_held_out(metric: str, classes: int) -> None:
    groups = np.arange(120).astype(str).astype(object)
    strong, labels = _task(120, 40, 6.0, classes=classes)
    noise, _ = _task(120, 40, 0.0, classes=classes)
    folds = grouped_folds(labels, groups, seed=0)
    assert len(folds) == 5
    assert probe_scores(strong, labels, folds, metric=metric).mean() > 0.95
    # As many features as a class has pictures: fitted and asked on the same ones it would be 1.
    chance = 1 / classes
    assert abs(probe_scores(noise, labels, folds, metric=metric).mean() - chance) < 0.15


def test_what_only_knows_the_group_scores_like_guessing() -> None:
    group = np.repeat(np.arange(20), 10)
    labels = (np.random.default_rng(1).permutation(20) % 2)[group]
    features = np.eye(20)[group]
    by_group = grouped_folds(labels, group.astype(str).astype(object), seed=0)
    by_picture = grouped_folds(labels, np.arange(200).astype(str).astype(object), seed=0)
    assert probe_scores(features, labels, by_picture, metric=ROC_AUC).mean() > 0.95
    assert probe_scores(features, labels, by_group, metric=ROC_AUC).mean() < 0.6
    for fold in by_group:
        assert not set(group[fold.inner]) & set(group[fold.outer])


def test_a_constant_feature_is_harmless() -> None:
    features, labels = _task(60, 4, 5.0)
    features[:, 3] = 7.0
    folds = grouped_folds(labels, np.arange(60).astype(str).astype(object), seed=0)
    assert np.isfinite(probe_scores(features, labels, folds, metric=ROC_AUC)).all()


def test_too_few_groups_give_no_folds() -> None:
    labels = np.arange(20) % 2
    assert grouped_folds(labels, np.array(["same"] * 20, dtype=object), seed=0) == []
    one_class = np.zeros(20, int)
    assert grouped_folds(one_class, np.arange(20).astype(str).astype(object), seed=0) == []


def test_the_error_of_overlapping_folds_is_larger_than_the_plain_one() -> None:
    values = np.array([0.7, 0.8, 0.9, 0.8])
    plain = values.std(ddof=1) / 2
    assert corrected_error(values) == pytest.approx(plain * np.sqrt(1 + 4 / 3))
