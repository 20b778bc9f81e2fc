import dataclasses

import numpy as np
import pytest

from benchmarks.abstain import Judged, once, simulated
from benchmarks.operating_point import calibration_loss, costs


def test_the_promise_holds_in_groups_that_differ() -> None:
    judged, random = simulated(), np.random.default_rng(0)
    outcomes = [once(judged, count=20, random=random, rate=0.1) for _ in range(60)]
    found = np.array([dataclasses.astuple(one) for one in outcomes])
    escapes, _, asked, never = found[:, :4].mean(axis=0)
    assert 0.08 < escapes < 0.12
    assert 0.005 < asked < 0.05 and never > 0.12


def test_figures_are_shares_of_defects_and_of_all_pictures() -> None:
    odds = np.array([-3.0, -1.0, -0.5, 2.0, -4.0, -0.2])
    judged = Judged(
        np.tile(odds, 20), np.tile(np.arange(6) % 2 == 0, 20), np.repeat(np.arange(20), 6)
    )
    found = once(judged, count=10, random=np.random.default_rng(1), rate=0.4)
    # The bound is -3: only the defect at -4 lies below it, a third of the defects.
    assert dataclasses.astuple(found) == pytest.approx((1 / 3, 1 / 3, 4 / 6, 1, 4 / 6, 1 / 3))


def test_the_prior_helps_where_pictures_are_few_and_the_cost_ratio_moves_the_threshold() -> None:
    known, new = simulated(1), simulated(2)
    few = known.take(np.arange(len(known.odds)) % 440 == 0)
    assert calibration_loss(few, new, width=0.5, scale=1) < calibration_loss(
        few, new, width=0.0, scale=1
    )
    dear, cheap = (costs(known, new, escape_cost=price)[0] for price in (20.0, 1.0))
    assert 1 < dear / cheap < 20
