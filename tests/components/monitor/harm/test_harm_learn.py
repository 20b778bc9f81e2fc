from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from harm_support import world

from components.common.artifacts.monitoring.drift_report import Harm
from components.common.artifacts.monitoring.observations import Observations
from components.common.pictures.decode import Pixels
from components.monitor.harm import learn as module
from components.monitor.harm.config import HarmConfig
from components.monitor.harm.correction import Correction, fit_correction
from components.monitor.harm.describe import inputs
from components.monitor.harm.estimate import estimate
from components.monitor.harm.evidence import evidence_of
from components.monitor.harm.learn import learn
from components.monitor.harm.trials import Fault, fit

SETTINGS = HarmConfig()


def faults(count: int = 480) -> list[Fault]:
    before = evidence_of(world(count))
    return [
        Fault(
            kind=kind,
            severity=level,
            before=before,
            after=evidence_of(world(count, fault=f)),
        )
        for kind, strength in (("noise", 1.0), ("blur", 0.7), ("dirt", 0.4))
        for level, f in ((1, 0.2 * strength), (3, 0.6 * strength), (5, strength))
    ]


@pytest.fixture(scope="module")
def correction() -> Correction:
    return fit(evidence_of(world(480)), faults(), seed=0)


def estimated(window: Observations, correction: Correction | None) -> Harm | None:
    return estimate(window, world(480), lambda: correction, settings=SETTINGS, seed=0)


def never(*_: object) -> Any:
    raise AssertionError("nobody needs to know")


def truth(window: Observations, reference_accuracy: float) -> float:
    return 100 * (reference_accuracy - float((window.decisions == window.labels).mean()))


@pytest.mark.slow
@pytest.mark.parametrize("fault", [0.0, 0.3, 0.7])
def test_the_corrected_estimate_is_near_and_its_interval_holds_the_truth(
    correction: Correction, fault: float
) -> None:
    blind = world(600, fault=fault, seed=7, labelled=False)
    found = estimated(blind, correction)
    assert found is not None and found.basis == "estimate"
    wanted = truth(world(600, fault=fault, seed=7), found.reference_accuracy)
    assert found.loss_points == pytest.approx(wanted, abs=5)
    assert found.low <= wanted <= found.high


@pytest.mark.slow
def test_trials_come_from_groups_that_were_left_out(correction: Correction) -> None:
    assert len(correction.trials) == 4 * 10
    assert {trial.kind for trial in correction.trials} == {"noise", "blur", "dirt", "none"}
    assert 0 < correction.error_points(0.0) < 15


@pytest.mark.slow
def test_a_smaller_window_has_a_wider_interval(correction: Correction) -> None:
    widths = []
    for count in (55, 600):
        found = estimated(world(count, seed=7, labelled=False), correction)
        assert found is not None
        widths.append(found.high - found.low)
    assert widths[0] > widths[1] + 3


def test_too_few_pictures_or_no_scores_give_nothing() -> None:
    unanswered = world(80)
    unanswered.scores[:] = np.nan
    for window in (world(1), world(49), unanswered, world(80).take(np.zeros(80, dtype=bool))):
        assert estimated(window, None) is None


def test_without_a_learnt_correction_the_interval_is_wide() -> None:
    found = estimated(world(600, seed=7, labelled=False), None)
    assert found is not None
    assert found.high - found.low >= 20
    assert set(found.estimators) <= set(inputs())


@pytest.mark.slow
def test_labels_of_an_audit_take_over(correction: Correction) -> None:
    window = world(600, fault=0.5, seed=7)
    wanted = truth(window, float(evidence_of(world(480)).accuracy))
    window.labels[np.random.default_rng(0).permutation(600)[:400]] = ""
    found = estimate(window, world(480), never, settings=SETTINGS, seed=0)
    assert found is not None and found.basis == "audit" and found.labels == 200
    assert found.low <= wanted <= found.high
    assert found.high - found.low < 12


@pytest.mark.slow
def test_learning_corrupts_the_pictures_and_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEVERITIES", (5,))
    rng = np.random.default_rng(0)
    pictures = dict(enumerate(rng.integers(60, 200, (48, 16, 16, 1)).astype(np.uint8)))
    asked: list[int] = []

    def observe(corrupted: Sequence[Pixels]) -> Observations:
        asked.append(len(corrupted))
        return world(len(corrupted), fault=0.3, seed=len(asked))

    found = learn(world(64), pictures, observe, seed=0)
    assert found is not None
    assert set(asked) == {48}
    kinds = {trial.kind for trial in found.trials}
    assert {"noise", "blur", "dirt", "none"} <= kinds
    assert "colour" not in kinds  # the pictures are grey


def test_nothing_is_learnt_from_no_pictures() -> None:
    assert learn(world(64), {}, never, seed=0) is None


def test_an_input_that_is_never_known_does_no_harm() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0, 5, (60, 2))
    values[:, 1] = np.nan
    kinds = [f"kind-{row % 5}" for row in range(60)]
    found = fit_correction(values, values[:, 0] * 2, kinds, inputs=("a", "b"))
    assert found.predict({"a": 3.0, "b": np.nan}) == pytest.approx(6.0, abs=0.5)
    # Far outside what was learnt, it stays at the edge.
    assert found.predict({"a": 1e6, "b": 0.0}) <= found.most_points
