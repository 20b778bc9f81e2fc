"""What holds for every file in components/monitor/detect/detectors."""

import ast
import dataclasses
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from components.common import plugins
from components.common.pictures.statistics import STATISTICS
from components.monitor.detect.config import DEFAULT_DETECTORS, DetectConfig
from components.monitor.detect.contract import DETECTORS, Design, load
from components.monitor.detect.measure import measure

sys.path.insert(0, str(Path(__file__).parents[1] / "components" / "monitor"))
from tiny_observations import observe

NAMES = plugins.names(DETECTORS)
each_detector = pytest.mark.parametrize("name", NAMES)

# A change that each channel can see.
CHANGED = {
    "statistics": {"dimmed": 0.3},
    "features": {"moved": 4.0},
    "scores": {"defective": 1.0, "moved": 0.0},
}


def settings(name: str) -> DetectConfig:
    return DetectConfig(
        detectors=(name,), windows="independent", null_windows=100, false_alarms=0.01
    )


def test_the_folder_is_not_empty_and_the_defaults_are_in_it() -> None:
    assert set(NAMES) >= {"cusum", "answer_shares"}
    assert set(DEFAULT_DETECTORS) <= set(NAMES)


@each_detector
def test_a_gross_change_raises_an_alarm_and_more_of_the_same_does_not(name: str) -> None:
    reference = observe(40, 10)
    rows = np.random.default_rng(1).permutation(400)
    known, window = reference.take(np.sort(rows[60:])), reference.take(np.sort(rows[:60]))
    same = measure(window, known, settings=settings(name), seed=0)[0]
    assert not same.alarm
    assert 0 < same.p_value <= 1
    changed = observe(40, 2, seed=0, **CHANGED[load(name).CHANNEL])
    (found,) = measure(changed, known, settings=settings(name), seed=0)
    assert found.alarm
    assert found.statistic > found.threshold
    assert found.detector == name
    assert "Keeps 1 in 100 windows" in found.promise


@each_detector
def test_one_seed_gives_one_answer(name: str) -> None:
    reference, window = observe(12, 8), observe(3, 10, first=50)
    design = Design(30, 30)
    answers = [
        load(name).fit(reference, design, rng=np.random.default_rng(5))(window) for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert math.isfinite(answers[0])


@each_detector
def test_odd_input_is_answered_in_words_and_never_by_a_crash(name: str) -> None:
    reference, window = observe(12, 8), observe(2, 20, first=50)
    nan = np.full_like(window.features, np.nan)
    broken = dataclasses.replace(
        window,
        features=nan,
        scores=np.full_like(window.scores, np.nan),
        statistics=np.full_like(window.statistics, np.nan),
    )
    no_features = dataclasses.replace(window, features=window.features[:, :0])
    other_model = dataclasses.replace(window, features=window.features[:, :2])
    for odd in (broken, no_features, other_model, window.take([0]), window.take([])):
        (found,) = measure(odd, reference, settings=settings(name), seed=0)
        if math.isnan(found.statistic):
            assert not found.alarm
            assert found.promise.startswith("Did not look: ")
    (silent,) = measure(broken, reference, settings=settings(name), seed=0)
    assert math.isnan(silent.statistic)
    (silent,) = measure(window, reference.take([]), settings=settings(name), seed=0)
    assert math.isnan(silent.statistic)


@each_detector
def test_constant_columns_raise_no_alarm(name: str) -> None:
    reference, window = observe(12, 8), observe(2, 20, first=50)
    flat = {
        "features": np.ones((1, 3), np.float32),
        "statistics": np.ones((1, len(STATISTICS)), np.float32),
        "scores": np.full((1, 2), 0.5, np.float32),
        "decisions": np.array(["good"], dtype=object),
    }
    both = [
        dataclasses.replace(
            some, **{key: np.repeat(row, len(some), axis=0) for key, row in flat.items()}
        )
        for some in (reference, window)
    ]
    (found,) = measure(both[1], both[0], settings=settings(name), seed=0)
    assert not found.alarm


@each_detector
def test_it_says_what_it_is_and_imports_nothing_forbidden(name: str) -> None:
    module = load(name)
    assert module.CHANNEL in CHANGED
    assert len(str(module.__doc__)) > 60
    source = Path(str(plugins.load(DETECTORS, name).__file__)).read_text()
    imported = {
        ((node.module or "") if isinstance(node, ast.ImportFrom) else alias.name).partition(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported <= {"collections", "components", "dataclasses", "numpy", "scipy", "sklearn"}
