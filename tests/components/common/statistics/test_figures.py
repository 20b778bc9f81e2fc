"""Figures against scikit-learn, on data of every awkward shape."""

import math
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from components.common.statistics import figures, weighted
from components.common.statistics.figures import FIGURES, Scored, measure

LABELS = np.array([0, 0, 1, 1])


def two_sided(positive: list[float]) -> np.ndarray:
    column = np.array(positive)
    return np.stack([1 - column, column], axis=1)


@st.composite
def scored_pictures(draw: st.DrawFn) -> tuple[Scored, np.ndarray]:
    """Few pictures, two to five classes of which some are absent, many ties, weights of 0 to 3."""
    classes = draw(st.integers(2, 5))
    pictures = draw(st.integers(1, 25))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    used = draw(st.integers(1, classes))
    targets = random.integers(0, used, pictures)
    probabilities = random.integers(1, 5, (pictures, classes)).astype(float)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    decided = probabilities.argmax(axis=1) if draw(st.booleans()) else targets[::-1].copy()
    positive = draw(st.sampled_from([0, 1, None])) if classes == 2 else None
    weights = random.integers(0, 4, pictures).astype(float)
    weights[random.integers(pictures)] += 1.0  # at least one picture counts
    return Scored(targets, decided, probabilities, positive), weights


def oracle(scored: Scored, weights: np.ndarray) -> dict[str, float]:
    """What scikit-learn says of the pictures that count and of the classes among them."""
    kept = weights > 0
    t, d = scored.targets[kept], scored.predicted[kept]
    p, w = scored.probabilities[kept], weights[kept]
    present = [c for c in scored.averaged_classes if (t == c).any()]
    split = [c for c in present if (t != c).any()]
    macro = {"labels": present, "average": "macro", "sample_weight": w, "zero_division": 0.0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        decided = {
            "precision": sk.precision_score(t, d, **macro) if present else math.nan,
            "recall": sk.recall_score(t, d, **macro) if present else math.nan,
            "f1": sk.f1_score(t, d, **macro) if present else math.nan,
        }
        ranked = {
            "roc_auc": [sk.roc_auc_score(t == c, p[:, c], sample_weight=w) for c in split],
            "average_precision": [
                sk.average_precision_score(t == c, p[:, c], sample_weight=w) for c in split
            ],
        }
        return {
            **decided,
            **{name: np.mean(one) if one else math.nan for name, one in ranked.items()},
            "accuracy": sk.accuracy_score(t, d, sample_weight=w),
            "balanced_accuracy": sk.balanced_accuracy_score(t, d, sample_weight=w),
            "log_loss": sk.log_loss(t, p, labels=range(p.shape[1]), sample_weight=w),
        }


@given(scored_pictures())
@settings(max_examples=100, deadline=None)
def test_every_figure_is_that_of_scikit_learn(drawn: tuple[Scored, np.ndarray]) -> None:
    scored, weights = drawn
    for name, value in oracle(scored, weights).items():
        found = FIGURES[name](scored, weights[None, :])[0]
        assert found == pytest.approx(value, abs=1e-9, nan_ok=True), name


@given(scored_pictures())
@settings(max_examples=100, deadline=None)
def test_a_weight_is_a_repetition_and_many_weightings_are_one_by_one(
    drawn: tuple[Scored, np.ndarray],
) -> None:
    scored, weights = drawn
    repeated = scored.take(np.repeat(np.arange(len(weights)), weights.astype(int)))
    once = np.ones((1, len(repeated.targets)))
    together = np.stack([np.ones_like(weights), weights])
    for name, figure in FIGURES.items():
        found = figure(scored, together)
        assert found[1] == pytest.approx(figure(repeated, once)[0], abs=1e-9, nan_ok=True), name
        assert found[0] == pytest.approx(figure(scored, together[:1])[0], nan_ok=True), name


@given(scored_pictures())
@settings(max_examples=100, deadline=None)
def test_a_class_without_pictures_changes_no_mean_over_classes(
    drawn: tuple[Scored, np.ndarray],
) -> None:
    scored, weights = drawn
    # Two classes with a third one are no longer judged by the positive one alone.
    assume(scored.probabilities.shape[1] > 2)
    wider = Scored(scored.targets, scored.predicted, np.pad(scored.probabilities, ((0, 0), (0, 1))))
    for name, figure in FIGURES.items():
        np.testing.assert_allclose(
            figure(wider, weights[None, :]), figure(scored, weights[None, :]), err_msg=name
        )


@pytest.mark.parametrize(
    ("positive", "auc"),
    [([0.1, 0.2, 0.8, 0.9], 1.0), ([0.9, 0.8, 0.2, 0.1], 0.0), ([0.1, 0.6, 0.4, 0.9], 0.75)],
)
def test_roc_auc_counts_pairs_in_the_right_order(positive: list[float], auc: float) -> None:
    assert measure("roc_auc", LABELS, two_sided(positive)) == pytest.approx(auc)


def test_balanced_accuracy_counts_classes_and_accuracy_pictures() -> None:
    labels = np.array([0, 0, 0, 1])
    says_zero = two_sided([0.1, 0.1, 0.1, 0.1])
    assert measure("accuracy", labels, says_zero) == 0.75
    assert measure("balanced_accuracy", labels, says_zero) == 0.5


def test_what_has_no_value_with_one_class_alone() -> None:
    alone = np.zeros(4, dtype=np.int64)
    found = {name: measure(name, alone, two_sided([0.1, 0.2, 0.3, 0.4])) for name in FIGURES}
    assert {name for name, value in found.items() if math.isnan(value)} == {
        "roc_auc", "average_precision",
    }  # fmt: skip


def test_a_class_that_is_never_decided_for_has_no_precision_to_be_proud_of() -> None:
    says_zero = Scored(LABELS, np.zeros(4, dtype=np.int64), two_sided([0.1] * 4))
    assert FIGURES["precision"](says_zero, np.ones((1, 4)))[0] == pytest.approx((0.5 + 0) / 2)


def test_calibration_error_by_hand() -> None:
    # 0.9 stated and half right, 0.6 stated and all right: (2 x 0.4 + 2 x 0.4) / 4.
    probabilities = np.array([[0.1, 0.9], [0.1, 0.9], [0.4, 0.6], [0.4, 0.6]])
    targets = np.array([1, 0, 1, 1])
    assert measure("calibration_error", targets, probabilities) == pytest.approx(0.4)


def test_each_confidence_falls_into_its_own_bin() -> None:
    middles = (np.arange(15) + 0.5) / 15
    assert figures.confidence_bins(middles).tolist() == list(range(15))
    # An upper edge belongs to its bin, 0 to the first, and 1 with an error of rounding to the last.
    edges = np.array([0.0, 0.2, 0.2 + 1e-9, 1.0, 1.0 + 1e-9])
    assert figures.confidence_bins(edges).tolist() == [0, 2, 3, 14, 14]


def test_gaps_of_one_bin_cancel_and_those_of_neighbours_do_not() -> None:
    # 0.61 and 0.65 share a bin: one wrong, one right; 0.55 lies in the bin below.
    def error(first: float, second: float) -> float:
        return measure("calibration_error", np.array([0, 1]), two_sided([first, second]))

    assert error(0.61, 0.65) == pytest.approx((0.61 - 0.35) / 2)
    assert error(0.55, 0.65) == pytest.approx((0.55 + 0.35) / 2)


def test_small_integers_are_weights_that_do_not_overflow_and_floats_are_labels() -> None:
    scores = two_sided([0.1, 0.6, 0.4, 0.9])
    heavy = np.full(4, 200, dtype=np.uint8)
    for name in FIGURES:
        plain = measure(name, LABELS, scores)
        assert measure(name, LABELS, scores, weights=heavy) == pytest.approx(plain), name
        assert measure(name, LABELS.astype(float), scores) == pytest.approx(plain), name


def test_the_area_of_each_class_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    targets = np.arange(30) % 3
    scored = Scored.by_largest(targets, random.dirichlet(np.ones(3), 30))
    weights = random.integers(1, 4, 30).astype(float)
    wanted = [
        sk.roc_auc_score(targets == c, scored.probabilities[:, c], sample_weight=weights)
        for c in range(3)
    ]
    found = figures.BY_CLASS["roc_auc"](scored, np.stack([np.ones(30), weights]))
    assert found.shape == (2, 3)
    assert found[1] == pytest.approx(wanted)


def test_the_loss_of_one_answer_is_bounded_and_never_a_gain() -> None:
    certain = two_sided([1.0, 1.0 + 1e-6])
    assert (
        measure("log_loss", np.array([0, 0]), certain[:1].repeat(2, 0)) == figures.TOP["log_loss"]
    )
    assert measure("log_loss", np.array([1, 1]), certain) == 0.0


def test_a_quotient_has_the_larger_shape_and_a_mean_is_over_the_last_axis() -> None:
    wide, tall = np.full((1, 3), 6.0), np.array([[2.0], [0.0]])
    assert weighted.ratio(wide, tall).tolist()[0] == [3.0] * 3
    assert np.isnan(weighted.ratio(wide, tall)[1]).all()
    assert weighted.ratio(tall, wide).shape == (2, 3)
    cube = np.arange(8.0).reshape(2, 2, 2)
    cube[1, 0, 1] = np.nan
    assert weighted.mean_defined(cube).tolist() == [[0.5, 2.5], [4.0, 6.5]]


def test_the_decision_and_not_the_largest_probability_counts() -> None:
    probabilities = np.array([[0.7, 0.3], [0.7, 0.3]])
    scored = Scored(np.array([1, 1]), np.array([1, 1]), probabilities, 1)
    assert FIGURES["accuracy"](scored, np.ones((1, 2)))[0] == 1.0


@given(scored_pictures())
@settings(max_examples=50, deadline=None)
def test_confusion_counts_are_those_of_scikit_learn(drawn: tuple[Scored, np.ndarray]) -> None:
    scored, _ = drawn
    classes = range(scored.probabilities.shape[1])
    want = sk.confusion_matrix(scored.targets, scored.predicted, labels=classes)
    assert figures.confusion_counts(scored).tolist() == want.tolist()


def test_memory_does_not_grow_with_the_square_of_the_classes() -> None:
    # One row of a one-hot table over pairs of classes would take 40,000 numbers a picture.
    classes, pictures, rounds = 200, 400, 50
    random = np.random.default_rng(0)
    scores = random.random((pictures, classes))
    scored = Scored.by_largest(random.integers(0, classes, pictures), scores)
    weights = random.integers(0, 3, (rounds, pictures)).astype(float)
    largest = max(weights.nbytes, scores.nbytes)
    for name, figure in FIGURES.items():
        tracemalloc.start()
        figure(scored, weights)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 * largest, name
    assert figures.confusion_counts(scored).nbytes == 8 * classes**2
