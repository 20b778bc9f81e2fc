"""Hubs, gaps and self-training on cases that can be counted by hand."""

import numpy as np
import pytest
from scipy.stats import skew

from components.train.semantics.hubness import occurrence_skewness, semantic_agreement
from components.train.semantics.self_training import moved
from components.train.semantics.solvers import nearest


def test_the_skewness_is_that_of_how_often_a_class_is_near() -> None:
    scores = np.random.default_rng(0).normal(size=(50, 8)) + np.array([2.0, 1, 0, 0, 0, 0, 0, 0])
    near = np.argsort(-scores, axis=1)[:, :3]
    wanted = skew(np.bincount(near.ravel(), minlength=8))
    assert occurrence_skewness(scores, nearest=3) == pytest.approx(wanted)
    assert occurrence_skewness(scores, nearest=8) == 0.0


def test_agreement_is_one_where_pictures_are_a_rotation_of_attributes() -> None:
    rng = np.random.default_rng(0)
    signatures = rng.normal(size=(6, 4))
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    assert semantic_agreement(signatures @ turn, signatures) == pytest.approx(1.0)
    assert np.isnan(semantic_agreement(signatures[:2], signatures[:2]))


def test_self_training_moves_unseen_classes_alone_to_where_their_pictures_lie() -> None:
    rng = np.random.default_rng(0)
    guessed = np.array([[0.0, 0.0], [4.0, 0.0], [2.0, 3.0]])
    lies = np.array([[0.0, 0.0], [4.0, 0.0], [2.0, 6.0]])
    pictures = np.repeat(lies, 30, axis=0) + 0.1 * rng.normal(size=(90, 2))
    unseen = np.array([False, False, True])
    found = moved(nearest(guessed), pictures, unseen=unseen, stacking=0.0, rounds=2)
    np.testing.assert_allclose(found.kernel.T / 2.0, lies, atol=0.1)
    np.testing.assert_array_equal(found.kernel.T[:2] / 2.0, guessed[:2])
    few = moved(nearest(guessed), pictures[-3:], unseen=unseen, stacking=0.0, rounds=2)
    np.testing.assert_array_equal(few.kernel.T / 2.0, guessed)
