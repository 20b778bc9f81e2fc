"""What the ranks of whole groups say, in one look and over several."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import mannwhitneyu
from tiny_observations import observe

from components.common.artifacts.monitoring.drift_report import Detection
from components.common.artifacts.monitoring.observations import Observations
from components.monitor.detect.answer_ranks import OVER_LOOKS, RANKS, LookEvidence, answer_ranks
from components.monitor.detect.config import DetectConfig
from components.monitor.detect.contract import Design
from components.monitor.detect.ridits import ALL, RISES, Ridits
from components.monitor.detect.shares import answer_shares

RATE = 0.05
SETTINGS = DetectConfig(false_alarms=RATE)


def day(number: int, *, defective: float = 0.5, groups: int = 6) -> Observations:
    """A day of new groups, a thousand seconds after the day before."""
    seen = observe(groups, 20, first=1000 + groups * number, defective=defective)
    return dataclasses.replace(seen, times_unix_s=seen.times_unix_s + 1000.0 * number)


def one(detections: tuple[Detection, ...], name: str) -> Detection:
    return next(found for found in detections if found.detector == name)


def looked(
    reference: Observations, days: list[Observations], settings: DetectConfig = SETTINGS
) -> list[tuple[Detection, ...]]:
    """Look day by day; each look knows what those before have left."""
    past: tuple[LookEvidence, ...] = ()
    said = []
    for window in days:
        found = answer_ranks(window, reference, past, settings=settings, seed=0)
        assert found.evidence is not None
        past = (*past, found.evidence)
        said.append(found.detections)
    return said


def test_the_mean_of_ridits_is_the_rank_sum() -> None:
    reference, window = observe(20, 30), observe(7, 30, first=50, defective=0.7)
    ridits = Ridits.of(reference, Design(210, 7), rng=np.random.default_rng(0))

    def means(some: Observations) -> list[float]:
        chance = some.scores[:, 1].astype(np.float64)
        odds = np.clip(np.log(chance / (1 - chance)), -9.2, 9.2)
        return [float(odds[some.groups == name].mean()) for name in np.unique(some.groups)]

    expected = mannwhitneyu(means(window), means(reference)).statistic / (7 * 20)
    assert ridits.of_window(window).mean(axis=0)[1] == pytest.approx(expected)
    assert ridits.of_window(window).mean(axis=0)[0] == pytest.approx(1 - expected)


def test_the_threshold_of_one_look_is_that_of_a_normal_rank_sum() -> None:
    (found,) = looked(observe(30, 20), [day(0)])[0]
    # Two classes mirror each other: one test to both sides at half of the rate.
    assert found.threshold == pytest.approx(2.241, abs=0.06)
    assert "1 in 40 looks" in found.promise


def test_a_cap_knows_the_mean_and_deviation_of_what_it_leaves() -> None:
    uniform = (np.arange(100_000) + 0.5) / 100_000
    for cap in (ALL, RISES):
        left = cap.apply(uniform)
        assert (cap.mean, cap.deviation) == pytest.approx((left.mean(), left.std()))


def test_an_outbreak_is_seen_in_one_look_and_named() -> None:
    reference, window = observe(30, 20, defective=0.2), day(0, defective=0.9)
    found = answer_ranks(window, reference, (), settings=SETTINGS, seed=0)
    assert one(found.detections, RANKS).alarm
    assert found.rate_left == RATE / 2
    bad = next(share for share in answer_shares(window, reference) if share.answer == "bad")
    assert bad.usual < 0.4 < 0.6 < bad.now
    assert answer_shares(window, dataclasses.replace(reference, classes=("a", "b"))) == ()


def test_a_small_rise_that_lasts_is_seen_over_looks_and_hardly_in_one() -> None:
    reference = observe(40, 20)
    said = looked(reference, [day(number, defective=0.68, groups=8) for number in range(12)])
    assert np.mean([one(found, RANKS).alarm for found in said]) < 0.3
    assert any(one(found, OVER_LOOKS).alarm for found in said[4:])
    alone = looked(
        reference,
        [day(number, defective=0.68, groups=8) for number in range(3)],
        dataclasses.replace(SETTINGS, looks=0),
    )
    assert all(len(found) == 1 for found in alone)


@pytest.mark.slow
def test_a_long_series_without_change_keeps_its_rate() -> None:
    alarms = []
    for world in range(12):
        reference = observe(20, 20, first=10_000 * (world + 1))
        days = [
            observe(5, 20, first=10_000 * (world + 1) + 100 + 5 * number) for number in range(30)
        ]
        timed = [
            dataclasses.replace(seen, times_unix_s=seen.times_unix_s + 1000.0 * number)
            for number, seen in enumerate(days)
        ]
        alarms += [any(found.alarm for found in said) for said in looked(reference, timed)[10:]]
    # 240 looks, but only twelve references whose errors are independent.
    assert np.mean(alarms) <= 2 * RATE


def test_pictures_count_once_however_often_they_are_looked_at() -> None:
    reference, window = observe(30, 20), day(0)
    first = answer_ranks(window, reference, (), settings=SETTINGS, seed=0).evidence
    assert first is not None
    assert answer_ranks(window, reference, (first,), settings=SETTINGS, seed=0).evidence is None
    joined = day(1)
    later = answer_ranks(joined, reference, (first,), settings=SETTINGS, seed=0).evidence
    assert later is not None
    assert (later.since_unix_s, later.groups) == (first.until_unix_s, 6)


@pytest.mark.parametrize("lacking", ["window", "reference", "both"])
def test_what_names_no_group_is_not_ranked_and_the_rate_is_left_to_others(lacking: str) -> None:
    def unnamed(some: Observations) -> Observations:
        return dataclasses.replace(some, groups=np.full(len(some), "", dtype=object))

    reference, window = observe(30, 20), day(0)
    found = answer_ranks(
        window if lacking == "reference" else unnamed(window),
        reference if lacking == "window" else unnamed(reference),
        (),
        settings=SETTINGS,
        seed=0,
    )
    assert (found.detections, found.evidence, found.rate_left) == ((), None, RATE)


def test_independent_pictures_are_ranked_one_by_one() -> None:
    settings = dataclasses.replace(SETTINGS, windows="independent")
    rows = np.random.default_rng(0).permutation(900)
    world = dataclasses.replace(observe(45, 20), groups=np.full(900, "", dtype=object))
    reference, same = world.take(rows[:600]), world.take(rows[600:])
    (quiet,) = answer_ranks(same, reference, (), settings=settings, seed=0).detections
    changed = same.take(same.decisions == "bad")
    (found,) = answer_ranks(changed, reference, (), settings=settings, seed=0).detections
    assert (quiet.alarm, found.alarm) == (False, True)


def test_scores_of_certainty_and_of_other_models_are_survived() -> None:
    reference, window = observe(30, 20), day(0)
    certain = dataclasses.replace(window, scores=np.tile(np.float32([0, 1]), (len(window), 1)))
    found = answer_ranks(certain, reference, (), settings=SETTINGS, seed=0)
    assert one(found.detections, RANKS).alarm
    three = dataclasses.replace(window, scores=np.full((len(window), 3), 1 / 3, np.float32))
    assert answer_ranks(three, reference, (), settings=SETTINGS, seed=0).detections == ()
    assert answer_ranks(window.take([]), reference, (), settings=SETTINGS, seed=0).evidence is None
