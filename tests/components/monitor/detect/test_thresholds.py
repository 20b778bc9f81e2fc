import dataclasses

import numpy as np
import pytest
from tiny_observations import observe

from components.common.artifacts.monitoring.observations import Observations
from components.common.errors import ConfigError
from components.common.pictures.statistics import STATISTICS
from components.monitor.detect import measure as module
from components.monitor.detect.config import DetectConfig
from components.monitor.detect.contract import Design
from components.monitor.detect.detectors.cusum import sums
from components.monitor.detect.measure import measure
from components.monitor.detect.null_windows import draw, feasible, splits
from components.monitor.detect.thresholds import threshold

RNG = np.random.default_rng


def alarms(
    config: DetectConfig, *, groups: int, each: int, windows: int = 40, dimmed: float = 1.0
) -> float:
    """The share of windows of new groups that raise an alarm."""
    reference = observe(40, 20)
    found = []
    for number in range(windows):
        window = observe(groups, each, first=100 + groups * number, dimmed=dimmed)
        found.append(any(d.alarm for d in measure(window, reference, settings=config, seed=0)))
    return float(np.mean(found))


@pytest.mark.slow
def test_windows_of_one_untouched_group_raise_few_alarms_where_independence_raises_many() -> None:
    grouped = DetectConfig(false_alarms=0.05, null_windows=400)
    independent = dataclasses.replace(grouped, windows="independent")
    assert alarms(grouped, groups=1, each=30) <= 0.1
    # The trap that textbook tests fall into: a single new group is always "drift".
    assert alarms(independent, groups=1, each=30) > 0.5


@pytest.mark.slow
def test_a_fault_is_found_in_windows_of_one_group() -> None:
    config = DetectConfig(false_alarms=0.05, null_windows=400)
    assert alarms(config, groups=1, each=30, dimmed=0.4) >= 0.9


@pytest.mark.slow
def test_thresholds_do_not_depend_on_what_was_measured_before() -> None:
    reference = observe(20, 10)
    config = DetectConfig(null_windows=100)
    window, other = observe(1, 30, first=90), observe(3, 20, first=95)
    first = measure(window, reference, settings=config, seed=1)
    measure(other, reference, settings=config, seed=1)
    again = measure(window, reference, settings=config, seed=1)
    module._MONITORS.clear()
    assert first == again == measure(window, reference, settings=config, seed=1)


def test_the_promise_says_when_groups_are_too_few() -> None:
    config = DetectConfig(detectors=("shifted_statistics",), null_windows=100)
    window = observe(1, 30, first=90)
    few = measure(window, observe(10, 10), settings=config, seed=0)[0]
    assert "10 trials with groups left out can show at best 1 in 11," in few.promise
    none = dataclasses.replace(observe(10, 10), groups=np.full(100, "", dtype=object))
    unnamed = measure(window, none, settings=config, seed=0)[0]
    assert "names too few groups" in unnamed.promise


def test_a_rate_in_weeks_is_a_rate_in_windows() -> None:
    assert DetectConfig(weeks_between_false_alarms=10, windows_a_week=7).rate == 1 / 70
    assert DetectConfig(false_alarms=0.02).rate == 0.02


@pytest.mark.parametrize("old", ["window", "reference", "both"])
def test_what_one_side_is_too_old_to_hold_raises_no_alarm(old: str) -> None:
    def aged(some: Observations) -> Observations:
        statistics = some.statistics.copy()
        statistics[:, STATISTICS.index("tilt")] = np.nan
        return dataclasses.replace(some, statistics=statistics)

    reference, window = observe(12, 20), observe(1, 20, first=50)
    reference = reference if old == "window" else aged(reference)
    window = window if old == "reference" else aged(window)
    settings = DetectConfig(detectors=("shifted_statistics", "known_faults"), null_windows=200)
    for found in measure(window, reference, settings=settings, seed=0):
        assert np.isfinite(found.statistic)
        assert not found.alarm


def test_one_odd_group_does_not_hide_a_fault_to_the_other_side() -> None:
    reference = observe(20, 20)
    texture = [STATISTICS.index(name) for name in ("sharpness", "grain")]
    noisy = reference.groups == "g003"
    reference.statistics[np.ix_(noisy, texture)] *= 3
    window = observe(1, 20, first=50)
    window.statistics[:, texture] *= 0.3
    settings = DetectConfig(detectors=("known_faults",), false_alarms=0.1, null_windows=200)
    assert measure(window, reference, settings=settings, seed=0)[0].alarm


def test_an_unknown_detector_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="shifted_statistics"):
        measure(observe(2, 20), observe(9, 9), settings=DetectConfig(detectors=("x",)), seed=0)


def test_thresholds_by_count_of_pieces() -> None:
    null = np.arange(1.0, 1001.0)
    # Many pieces: with 95 % confidence, so fewer than 10 of 1,000 lie above.
    assert 990 < threshold(null, 0.01, units=1000) < 1000
    # 99 pieces: the conformal quantile of a rate of 5 % leaves 4 of 99 above.
    assert threshold(null, 0.05, units=99) == pytest.approx(np.quantile(null, 95 / 99))
    # 20 pieces say nothing of 1 %: above all that was seen.
    assert threshold(null, 0.01, units=20) > 1000


def test_groups_left_out_never_meet_the_detector() -> None:
    reference = observe(9, 6)
    for wanted in (1, 2, 8):
        design = feasible(Design(30, wanted), reference)
        assert design.groups == min(wanted, 4)
        for split in splits(reference, design, at_most=9, rng=RNG(0)):
            inside = set(reference.groups[split.fit])
            assert len(set(reference.groups[split.held])) == design.groups
            assert inside.isdisjoint(reference.groups[split.held])
            rows = draw(split, reference.groups, design, rng=RNG(1))
            assert len(rows) == 30
            assert set(rows) <= set(split.held)


def test_independent_windows_are_dealt_from_all_groups() -> None:
    reference = observe(9, 6)
    for split in splits(reference, Design(20, 20), at_most=9, rng=RNG(0)):
        assert set(split.fit).isdisjoint(split.held)
        assert len(split.fit) + len(split.held) == 54


def test_sums_follow_pages_recursion() -> None:
    odd = 3.0 + RNG(3).normal(size=50)
    state, expected = 0.0, []
    for value in odd:
        state = max(0.0, state + value - 3.5)
        expected.append(state)
    assert np.allclose(sums(odd[:, None])[:, 0], expected)


def test_a_rate_in_weeks_is_what_is_promised() -> None:
    settings = DetectConfig(
        detectors=("shifted_statistics",),
        windows="independent",
        weeks_between_false_alarms=10,
        null_windows=100,
    )
    (found,) = measure(observe(3, 20, first=50), observe(12, 8), settings=settings, seed=0)
    assert "Keeps 1 in 70 windows" in found.promise
