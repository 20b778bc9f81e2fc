"""What single detectors say of windows whose answer is known."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import ks_2samp
from tiny_observations import observe

from components.common.artifacts.monitoring.observations import Observations
from components.monitor.detect.contract import Design, load

RNG = np.random.default_rng


def answer(name: str, reference: Observations, window: Observations) -> float:
    return load(name).fit(reference, Design(len(window), len(window)), rng=RNG(0))(window)


def test_the_score_detector_goes_by_the_class_that_moved_most() -> None:
    reference, window = (
        dataclasses.replace(observe(10, 10), scores=RNG(seed).dirichlet(alpha, 100))
        for seed, alpha in ((0, (1, 1, 1)), (1, (1, 1, 4)))
    )
    gap = max(ks_2samp(reference.scores[:, c], window.scores[:, c]).statistic for c in range(3))
    expected = -np.log(1 - gap + 1 / 101)
    assert answer("ks_scores", reference, window) == pytest.approx(expected)


def test_other_proportions_are_as_far_away_as_they_are() -> None:
    reference = observe(40, 50)
    bad = reference.labels == "bad"
    # Known pictures in another mix: a fifth of the defective ones are left.
    window = reference.take(np.concatenate([np.flatnonzero(~bad), np.flatnonzero(bad)[::5]]))
    moved = abs(bad.mean() - (window.labels == "bad").mean())
    assert answer("label_shift_em", reference, reference) == pytest.approx(0.0, abs=0.05)
    assert answer("label_shift_em", reference, window) == pytest.approx(moved, abs=0.05)
