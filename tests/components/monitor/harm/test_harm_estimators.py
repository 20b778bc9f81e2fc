import dataclasses

import numpy as np
import pytest
from harm_support import world

from components.common import plugins
from components.monitor.harm.describe import ESTIMATORS, describe, inputs
from components.monitor.harm.estimators import atc, chance, confidence, decisions, doc, weighting
from components.monitor.harm.evidence import Evidence, evidence_of
from components.monitor.harm.shift import Ruler


def seen(*args: int, **options: object) -> Evidence:
    return evidence_of(world(*args, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", plugins.names(ESTIMATORS))
def test_every_estimator_sees_no_loss_without_drift(name: str) -> None:
    loss = plugins.load(ESTIMATORS, name).loss_points(seen(900, seed=1), seen(900))
    # Blind decisions are the one bound that is never near zero.
    assert loss > 10 if name == "chance" else abs(loss) < 5


def test_atc_counts_the_pictures_below_the_threshold_that_the_errors_set() -> None:
    scores = np.array([[0.99, 0.01], [0.95, 0.05], [0.9, 0.1], [0.6, 0.4]])
    known = dataclasses.replace(seen(4), scores=scores, decided=np.zeros(4, dtype=np.int64))
    known = dataclasses.replace(known, truth=np.array([0, 0, 0, 1]))
    unsure = dataclasses.replace(known, scores=np.full((4, 2), 0.5))
    assert atc.loss_points(known, known) == pytest.approx(0.0)
    assert atc.loss_points(unsure, known) == pytest.approx(75.0)


def test_doc_is_the_drop_of_the_mean_confidence() -> None:
    known = dataclasses.replace(seen(2), scores=np.array([[0.9, 0.1], [0.2, 0.8]]))
    later = dataclasses.replace(known, scores=np.array([[0.7, 0.3], [0.4, 0.6]]))
    assert doc.loss_points(later, known) == pytest.approx(20.0)


def test_confidence_is_calibrated_on_the_labels_first() -> None:
    known = seen(800)
    boastful = dataclasses.replace(
        known, scores=known.scores**6 / (known.scores**6).sum(axis=1, keepdims=True)
    )
    assert confidence.fit_temperature(boastful) == pytest.approx(
        6 * confidence.fit_temperature(known), rel=0.05
    )


def test_weighting_takes_the_accuracy_of_the_pictures_that_the_window_resembles() -> None:
    known = seen(1200)
    hard = known.confidence < np.quantile(known.confidence, 0.4)
    features = known.rows.features.copy()
    features[hard] += 4
    known = dataclasses.replace(known, rows=dataclasses.replace(known.rows, features=features))
    truth = 100 * (known.accuracy - known.take(hard).accuracy)
    assert weighting.loss_points(known.take(hard), known) == pytest.approx(truth, abs=3)


def test_moved_decisions_find_the_loss_of_a_moved_threshold() -> None:
    known = seen(2000)
    logit = np.log(known.scores[:, 1] / known.scores[:, 0]) - 1.5
    positive = 1 / (1 + np.exp(-logit))
    scores = np.stack([1 - positive, positive], axis=1)
    moved = dataclasses.replace(known, scores=scores, decided=scores.argmax(axis=1))
    truth = 100 * (known.accuracy - moved.accuracy)
    assert truth > 3
    assert decisions.loss_points(moved, known) == pytest.approx(truth, abs=0.2)
    assert chance.loss_points(moved, known) > truth


def test_moved_decisions_with_three_classes_reach_the_shares() -> None:
    rng = np.random.default_rng(0)
    scores = rng.dirichlet((1, 1, 1), 600)
    base = seen(600)
    decided = scores.argmax(axis=1).astype(np.int64)
    known = dataclasses.replace(base, scores=scores, decided=decided, truth=decided)
    window = dataclasses.replace(known, decided=np.where(decided == 2, 0, decided))
    # A third of the pictures must leave class 2, some by way of class 1.
    assert 33 < decisions.loss_points(window, known) < 50
    assert decisions.loss_points(known, known) == pytest.approx(0, abs=1)


def test_scores_that_are_missing_or_not_finite_are_left_out() -> None:
    broken = world(10)
    broken.scores[3] = np.nan
    broken.scores[4] = np.inf
    found = evidence_of(broken)
    assert len(found) == 8
    assert found.right.tolist() == [
        decision == label
        for place, (decision, label) in enumerate(zip(broken.decisions, broken.labels, strict=True))
        if place not in {3, 4}
    ]


@pytest.mark.parametrize("spoil", ["features", "statistics", "both", "one picture", "no groups"])
def test_a_description_is_made_of_whatever_is_there(spoil: str) -> None:
    window = world(1 if spoil == "one picture" else 40, seed=2)
    if spoil in {"features", "both"}:
        window.features[:] = np.nan
    if spoil in {"statistics", "both"}:
        window.statistics[:] = np.nan
    if spoil == "no groups":
        window.groups[:] = ""
    found = describe(evidence_of(window), Ruler(seen(200), seed=0))
    assert tuple(found) == inputs()
    assert np.isfinite(found["decisions"])


def test_a_shift_of_pictures_is_seen_whatever_the_scores_say() -> None:
    ruler = Ruler(seen(400), seed=0)
    still = ruler.measure(ruler.reduce(seen(400, seed=3)))
    moved = ruler.measure(ruler.reduce(seen(400, seed=3, fault=0.5)))
    for name in ("statistics", "embedding"):
        assert moved[name] > still[name] + 0.5
