"""Heads for a rare class: each against what its paper or a library says."""

import dataclasses
from typing import get_args

import numpy as np
import pytest
from rare_blobs import OPTIONS, margins, rare
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score

from components.networks.probe.solver import cross_entropy
from components.train.imbalance import head, treatments
from components.train.options import Imbalance

NAMES = tuple(name for name in get_args(Imbalance) if name not in {"none", "auto"})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("views", [1, 2])
def test_each_ranks_new_pictures_and_speaks_of_the_pictures_mix(name: str, views: int) -> None:
    rows, split = rare()
    rng = np.random.default_rng(9)
    seen = np.concatenate(
        [rows + 0.01 * view * rng.normal(size=rows.shape) for view in range(views)]
    )
    many = dataclasses.replace(split, pixels=np.zeros((len(seen), 1), np.uint8))
    probe, note = head.treated(seen, many, name, OPTIONS, seed=0)
    new, truth = rare(4000, seed=1)
    found = margins(probe.logits(new))
    assert roc_auc_score(truth.labels, found) > 0.85
    assert np.mean(1 / (1 + np.exp(-found))) == pytest.approx(0.05, abs=0.025)
    # From the share of the rare class on both classes are found alike.
    answered = found >= np.log(0.05 / 0.95)
    by_class = [(answered == label)[truth.labels == label].mean() for label in (0, 1)]
    assert min(by_class) > 0.6
    assert name in note


def test_the_discriminant_is_that_of_scikit_learn() -> None:
    rows, split = rare()
    own = treatments.discriminant(rows, split, OPTIONS, 0)
    # Its covariance is the classes' own mean, shrunk towards the same multiple of the identity.
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.5, priors=[0.5, 0.5])
    within = np.concatenate(
        [rows[split.labels == c] - rows[split.labels == c].mean(0) for c in (0, 1)]
    )
    covariance = within.T @ within / len(rows)
    shrunk = 0.5 * covariance + 0.5 * np.trace(covariance) / 12 * np.eye(12)
    theirs.fit(rows, split.labels)
    apart = theirs.means_[1] - theirs.means_[0]
    direction = np.linalg.solve(shrunk, apart)
    np.testing.assert_allclose(own.kernel[:, 1] - own.kernel[:, 0], direction, rtol=1e-3)
    middle = theirs.means_.mean(axis=0)[None].astype(np.float32)
    assert margins(own.logits(middle))[0] == pytest.approx(0.0, abs=1e-3)
    balanced, even = rare(share=0.5)
    known = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.5).fit(balanced, even.labels)
    found = treatments.discriminant(balanced, even, OPTIONS, 0)
    # scikit-learn shrinks standardised features, so only the ranking is the same.
    both = [margins(found.logits(balanced)), known.decision_function(balanced)]
    assert np.corrcoef(both)[0, 1] > 0.97


def test_the_focal_gradient_is_that_of_the_loss() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(6, 3))
    targets = rng.dirichlet(np.ones(3), size=6).astype(np.float32)
    losses, slopes = treatments.focal_loss(logits, targets)
    assert (losses < cross_entropy(logits.astype(np.float32), targets)[0]).all()
    step = 1e-3
    for column in range(3):
        moved = [logits + sign * step * np.eye(3)[column] for sign in (1, -1)]
        up, down = (treatments.focal_loss(one, targets)[0] for one in moved)
        np.testing.assert_allclose((up - down) / (2 * step), slopes[:, column], atol=2e-3)


def test_logit_adjustment_is_the_plain_probe_at_another_threshold() -> None:
    """With a free bias, the loss on logits + log shares has the plain solution, shifted."""
    rows, split = rare()
    shares = np.log(np.array([0.95, 0.05]))

    def adjusted(logits: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return cross_entropy((logits + shares).astype(np.float32), targets)

    plain = treatments.logit_adjustment(rows, split, OPTIONS, 0)
    menon = treatments.logit_adjustment(rows, split, OPTIONS, 0, loss=adjusted)
    gap = margins(menon.logits(rows)) - margins(plain.logits(rows))
    np.testing.assert_allclose(gap, np.log(19.0), atol=0.03)


def test_smote_lies_between_neighbours_and_a_single_picture_is_repeated() -> None:
    rows, split = rare()
    apart = np.where(split.labels[:, None] == 1, 50.0, 0.0) + rows
    found = treatments.smote(apart.astype(np.float32), split, OPTIONS, 0)
    assert (margins(found.logits(apart)) > 0).tolist() == (split.labels == 1).tolist()
    alone = split.select(
        np.append(np.flatnonzero(split.labels == 1)[:1], np.flatnonzero(split.labels == 0))
    )
    few = treatments.smote(rows[: alone.pictures], alone, OPTIONS, 0)
    repeated = treatments.over_sampling(rows[: alone.pictures], alone, OPTIONS, 0)
    np.testing.assert_array_equal(few.kernel, repeated.kernel)


def test_a_treatment_that_balances_answers_the_rare_class_more_often() -> None:
    rows, split = rare()
    usual = (margins(treatments.logit_adjustment(rows, split, OPTIONS, 0).logits(rows)) > 0).mean()
    for name in ("class_weights", "over_sampling", "under_sampling", "smote", "discriminant"):
        balanced = getattr(treatments, name)(rows, split, OPTIONS, 0)
        assert (margins(balanced.logits(rows)) > 0).mean() > usual + 0.05, name
