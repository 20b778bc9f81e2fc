"""Harmful, harmless or not enough evidence, from what the model decides or from an audit."""

import dataclasses

import numpy as np
import pytest
from harm_support import world

from components.common.artifacts.monitoring.drift_report import Harm
from components.common.artifacts.monitoring.observations import Observations
from components.monitor.harm.config import HarmConfig
from components.monitor.harm.estimate import estimate
from components.monitor.harm.evidence import Evidence, evidence_of
from components.monitor.harm.moved_decisions import estimated_loss


def judged(window: Observations, **settings: float) -> Harm | None:
    return estimate(window, world(480), settings=HarmConfig(**settings), seed=0)  # type: ignore[arg-type]


def truth(window: Observations, reference: Observations) -> float:
    right = [float((one.decisions == one.labels).mean()) for one in (reference, window)]
    return 100 * (right[0] - right[1])


@pytest.mark.parametrize(("fault", "verdict"), [(0.0, "harmless"), (0.5, "harmful")])
def test_a_model_that_was_pushed_to_one_class_is_harmful_and_a_healthy_one_is_not(
    fault: str, verdict: str
) -> None:
    found = judged(world(600, fault=fault, seed=7, labelled=False))  # type: ignore[arg-type]
    assert found is not None and found.basis == "estimate"
    assert found.verdict == verdict
    assert found.low <= found.loss_points <= found.high


def test_the_loss_is_that_of_a_moved_threshold() -> None:
    reference = world(2000)
    pushed = world(2000, seed=3)
    logits = np.log(pushed.scores[:, 1] / pushed.scores[:, 0]) - 2
    positive = 1 / (1 + np.exp(-logits))
    pushed = dataclasses.replace(
        pushed,
        scores=np.stack([1 - positive, positive], axis=1).astype(np.float32),
        decisions=np.where(logits > 0, "defective", "functional").astype(object),
    )
    found = estimate(_blind(pushed), reference, settings=HarmConfig(), seed=0)
    assert found is not None
    assert truth(pushed, reference) > 5
    assert found.loss_points == pytest.approx(truth(pushed, reference), abs=2.5)


def _blind(window: Observations) -> Observations:
    return dataclasses.replace(window, labels=np.full(len(window), "", dtype=object))


def test_between_the_limits_there_is_not_enough_evidence() -> None:
    window = world(600, fault=0.5, seed=7, labelled=False)
    found = judged(window, harmful_points=90.0)
    assert found is not None and found.verdict == "not enough evidence"


def test_few_groups_leave_more_doubt_than_many() -> None:
    def width(groups: int) -> float:
        # Groups differ in how many of their pictures are defective.
        window = world(600, seed=5, groups=groups)
        chosen = window.take(np.argsort(window.decisions, kind="stable"))
        names = np.repeat([f"g{number}" for number in range(groups)], 600 // groups)
        chosen = dataclasses.replace(chosen, groups=names.astype(object))
        found = estimate(_blind(chosen), world(480), settings=HarmConfig(), seed=0)
        assert found is not None
        return found.high - found.low

    assert width(4) > 1.5 * width(60)


def test_many_classes_are_moved_together() -> None:
    rng = np.random.default_rng(0)

    def seen(push: float) -> Evidence:
        labels = rng.integers(0, 4, 800)
        logits = rng.normal(0, 1, (800, 4)) + 2.5 * np.eye(4)[labels] + push * np.eye(4)[2]
        scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        base = world(800)
        rows = dataclasses.replace(base, groups=np.array([f"{n % 20}" for n in range(800)], object))
        return Evidence(scores=scores, decided=logits.argmax(1), truth=labels, rows=rows)

    reference = seen(0.0)
    for push in (0.0, 3.0):
        window = seen(push)
        lost = 100 * (reference.accuracy - window.accuracy)
        found = estimated_loss(window, reference, rng=np.random.default_rng(1))
        assert found.loss_points == pytest.approx(lost, abs=4)


def test_an_audit_decides_by_its_bounds() -> None:
    bad, good = world(600, fault=0.9, seed=7), world(600, seed=7)
    assert judged(bad) is not None
    for window, verdict in ((bad, "harmful"), (good, "harmless")):
        found = judged(window)
        assert found is not None and found.basis == "audit" and found.labels == 600
        assert found.verdict == verdict
        assert found.loss_points == pytest.approx(truth(window, world(480)), abs=1e-6)
    few = dataclasses.replace(good, labels=np.where(np.arange(600) < 25, good.labels, ""))
    found = judged(few)
    assert found is not None and found.labels == 25 and found.verdict == "not enough evidence"


def test_a_small_window_or_a_reference_without_labels_gives_no_answer() -> None:
    assert judged(world(49, labelled=False)) is None
    unlabelled = world(480, labelled=False)
    assert estimate(world(60), unlabelled, settings=HarmConfig(), seed=0) is None


def test_scores_that_are_missing_are_left_out() -> None:
    window = _blind(world(600, fault=0.5, seed=7))
    window.scores[:200] = np.nan
    found = judged(window)
    assert found is not None and found.verdict == "harmful"
    assert len(evidence_of(window)) == 400
