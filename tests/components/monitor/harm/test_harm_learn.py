import dataclasses
from pathlib import Path

import numpy as np
import pytest
from harm_support import CLASSES, reference_of, world

from components.common.pictures.decode import Pixels
from components.monitor.harm.config import HarmConfig
from components.monitor.harm.correction import Correction, fit_correction
from components.monitor.harm.describe import inputs
from components.monitor.harm.estimate import estimate
from components.monitor.harm.evidence import evidence_of
from components.monitor.harm.learn import learn, read_correction, write_correction
from components.monitor.harm.trials import Fault, fit
from components.monitor.observe.observations import Observations

SETTINGS = HarmConfig()


def faults(count: int = 480) -> list[Fault]:
    before = evidence_of(world(count), CLASSES)
    return [
        Fault(
            kind=kind,
            severity=level,
            before=before,
            after=evidence_of(world(count, fault=f), CLASSES),
        )
        for kind, strength in (("noise", 1.0), ("blur", 0.7), ("dirt", 0.4))
        for level, f in ((1, 0.2 * strength), (3, 0.6 * strength), (5, strength))
    ]


@pytest.fixture(scope="module")
def correction() -> Correction:
    return fit(evidence_of(world(480), CLASSES), faults(), seed=0)


def truth(window: Observations, reference_accuracy: float) -> float:
    return 100 * (reference_accuracy - float((window.decisions == window.labels).mean()))


@pytest.mark.parametrize("fault", [0.0, 0.3, 0.7])
def test_the_corrected_estimate_is_near_and_its_interval_holds_the_truth(
    tmp_path: Path, correction: Correction, fault: float
) -> None:
    reference = reference_of(world(480), tmp_path)
    write_correction(reference.harm_path, correction)
    blind = world(600, fault=fault, seed=7, labelled=False)
    found = estimate(blind, reference, settings=SETTINGS, seed=0)
    assert found is not None and found.basis == "estimate"
    wanted = truth(world(600, fault=fault, seed=7), found.reference_accuracy)
    assert found.loss_points == pytest.approx(wanted, abs=5)
    assert found.low <= wanted <= found.high


def test_trials_come_from_groups_that_were_left_out(correction: Correction) -> None:
    assert len(correction.trials) == 4 * 10
    assert {trial.kind for trial in correction.trials} == {"noise", "blur", "dirt", "none"}
    assert 0 < correction.error_points(0.0) < 15


def test_a_smaller_window_has_a_wider_interval(tmp_path: Path, correction: Correction) -> None:
    reference = reference_of(world(480), tmp_path)
    write_correction(reference.harm_path, correction)
    widths = []
    for count in (55, 600):
        found = estimate(world(count, seed=7, labelled=False), reference, settings=SETTINGS, seed=0)
        assert found is not None
        widths.append(found.high - found.low)
    assert widths[0] > widths[1] + 3


def test_too_few_pictures_or_no_scores_give_nothing(tmp_path: Path) -> None:
    reference = reference_of(world(480), tmp_path)
    unanswered = world(80)
    unanswered.scores[:] = np.nan
    for window in (world(1), world(49), unanswered, world(80).take(np.zeros(80, dtype=bool))):
        assert estimate(window, reference, settings=SETTINGS, seed=0) is None


def test_without_a_learnt_correction_the_interval_is_wide(tmp_path: Path) -> None:
    reference = reference_of(world(480), tmp_path)
    found = estimate(world(600, seed=7, labelled=False), reference, settings=SETTINGS, seed=0)
    assert found is not None
    assert found.high - found.low >= 20
    assert set(found.estimators) <= set(inputs())


def test_a_correction_for_other_estimators_is_not_used(
    tmp_path: Path, correction: Correction, caplog: pytest.LogCaptureFixture
) -> None:
    reference = reference_of(world(480), tmp_path)
    write_correction(reference.harm_path, dataclasses.replace(correction, inputs=("atc",)))
    found = estimate(world(600, seed=7, labelled=False), reference, settings=SETTINGS, seed=0)
    assert found is not None and found.high - found.low >= 20
    assert "make the reference anew" in caplog.text


def test_labels_of_an_audit_take_over(tmp_path: Path, correction: Correction) -> None:
    reference = reference_of(world(480), tmp_path)
    write_correction(reference.harm_path, correction)
    window = world(600, fault=0.5, seed=7)
    wanted = truth(window, float(evidence_of(world(480), CLASSES).accuracy))
    window.labels[np.random.default_rng(0).permutation(600)[:400]] = ""
    found = estimate(window, reference, settings=SETTINGS, seed=0)
    assert found is not None and found.basis == "audit" and found.labels == 200
    assert found.low <= wanted <= found.high
    assert found.high - found.low < 12


def test_learning_corrupts_asks_and_writes(tmp_path: Path) -> None:
    held = world(64)
    rng = np.random.default_rng(0)
    pictures = rng.integers(60, 200, (64, 16, 16, 1)).astype(np.uint8)
    asked: list[int] = []

    def observe(spoilt: "list[Pixels]") -> Observations:
        asked.append(len(spoilt))
        return world(len(spoilt), fault=0.3, seed=len(asked))

    found = learn(
        held, lambda row: pictures[row], observe, classes=CLASSES,
        pictures=48, seed=0,
    )  # fmt: skip
    assert found is not None
    assert set(asked) == {48}
    kinds = {trial.kind for trial in found.trials}
    assert {"noise", "blur", "dirt", "none"} <= kinds
    assert "colour" not in kinds  # the pictures are grey
    write_correction(tmp_path / "harm.json", found)
    assert read_correction(tmp_path / "harm.json") == found


def test_nothing_is_learnt_from_too_little() -> None:
    def never(_: object) -> Observations:
        raise AssertionError

    for held, count in ((world(30), 240), (world(64), 0), (world(64, labelled=False), 240)):
        assert learn(held, never, never, classes=CLASSES, pictures=count, seed=0) is None


def test_an_input_that_is_never_known_does_no_harm() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0, 5, (60, 2))
    values[:, 1] = np.nan
    kinds = [f"kind-{row % 5}" for row in range(60)]
    found = fit_correction(values, values[:, 0] * 2, kinds, inputs=("a", "b"))
    assert found.predict(np.array([3.0, np.nan])) == pytest.approx(6.0, abs=0.5)
    # Far outside what was learnt, it stays at the edge.
    assert found.predict(np.array([1e6, 0.0])) <= found.most_points
