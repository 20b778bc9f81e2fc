"""Curves that rise where more pictures help, forecasts that come true, and what is said of them."""

from itertools import pairwise

import numpy as np
import pytest

from components.common.artifacts.judging.figures import Advice, Forecast
from components.evaluate.advisor.advise import advise
from components.evaluate.advisor.curve import Curve, learning_curve
from components.evaluate.advisor.forecast import forecast, gains, measured
from components.evaluate.advisor.sentences import sentences

CLASSES = ("scratch", "dent", "stain")


def _features(each: int, *, seed: int = 0, dimensions: int = 120) -> tuple:
    """Two classes that lie close in many dimensions, and one far away that any fit finds."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(3), each)
    centres = np.zeros((3, dimensions))
    centres[0, :20], centres[1, :20], centres[2, 20:] = 0.25, -0.25, 3.0
    features = centres[labels] + random.normal(size=(len(labels), dimensions))
    groups = np.array([f"g{number}" for number in range(len(labels))])
    return features.astype(np.float32), labels, groups


@pytest.fixture(scope="module")
def advice() -> Advice:
    found = advise(*_features(60), classes=CLASSES, seed=0)
    assert found is not None
    return found


def test_the_hard_classes_gain_and_the_easy_one_is_saturated(advice: Advice) -> None:
    by_name = {one.name: one for one in advice.forecasts}
    assert set(by_name) == {*CLASSES, ""}
    assert by_name["stain"].saturated
    assert not by_name["scratch"].saturated
    assert by_name["scratch"].pictures == 60
    assert by_name["scratch"].added == 40
    assert by_name[""].pictures == 180
    for one in advice.forecasts:
        assert 0.0 <= one.low <= one.value <= one.high <= 1.0
        assert 0.0 <= one.gain_low <= one.gain <= one.gain_high


def test_points_stand_in_the_order_of_their_size(advice: Advice) -> None:
    points = [one for one in advice.curve if one.name == ""]
    assert len(points) == 5
    assert all(one.pictures < other.pictures for one, other in pairwise(points))
    assert points[0].value < points[-1].value


def test_a_forecast_comes_true_where_the_pictures_are_there() -> None:
    inside = 0
    for trial in range(10):
        features, labels, groups = _features(150, seed=trial)
        whole = learning_curve(features, labels, groups, classes=3, seed=0, repeats=2)
        rows = np.arange(len(labels)) % 2 == trial % 2
        half = learning_curve(
            features[rows], labels[rows], groups[rows], classes=3, seed=0, repeats=2
        )
        assert whole is not None
        assert half is not None
        sizes = np.append(whole.sizes[-1], whole.sizes[-1].sum())
        found, truth = forecast(half, sizes)[-1], measured(whole, -1)[-1]
        inside += found.low <= truth.value <= found.high
    assert inside >= 6  # four in five are promised


def test_equal_seeds_give_equal_advice(advice: Advice) -> None:
    assert advise(*_features(60), classes=CLASSES, seed=0) == advice


def test_pictures_of_a_group_are_held_out_together() -> None:
    # Each group has a mark of its own that tells its class: no help about other groups.
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 10)
    labels = groups % 2
    features = np.eye(20)[groups] * 5 + 0.1 * random.normal(size=(200, 20))
    curve = learning_curve(
        features.astype(np.float32), labels, groups.astype(np.str_), classes=2, seed=0
    )
    assert curve is not None
    assert measured(curve, -1)[-1].value < 0.7


def test_what_gets_worse_with_more_pictures_is_taken_as_flat() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(80, 4)).astype(np.float32)
    labels = np.arange(80) % 2
    groups = np.arange(80).astype(np.str_)
    curve = learning_curve(features, labels, groups, classes=2, seed=1)
    assert curve is not None
    now = np.array([40.0, 40.0, 80.0])
    assert all(one.value >= 0.0 for one in gains(curve, now, 2 * now))
    near, far = forecast(curve, now), forecast(curve, 100 * now)
    assert all(a.value <= b.value + 1e-9 for a, b in zip(near, far, strict=True))


def test_nothing_is_gained_where_everything_is_found() -> None:
    # The fitted curve rises beyond 100 % where the last points all lie there.
    labels, points = np.repeat([0, 1], 20), np.array([5.0, 7.0, 10.0, 13.0, 16.0])
    right = np.ones((2, 5, 40))
    right[:, 0, :3], right[:, 1, 0] = 0.0, 0.0
    curve = Curve(labels, 2, right, np.stack([points, points], axis=1))
    now = np.array([20.0, 20.0, 40.0])
    rising, flat, _ = gains(curve, now, 2 * now)
    assert rising.value == rising.low == 0.0
    assert rising.high > 0.02  # so few pictures do not tell
    assert (flat.value, flat.high) == (0.0, pytest.approx(0.0))


def test_one_group_or_features_that_are_not_finite_give_no_advice() -> None:
    features, labels, groups = _features(10)
    together = np.where(labels == 0, "one", groups)
    assert advise(features, labels, together, classes=CLASSES, seed=0) is None
    features[3, 2] = np.nan
    assert advise(features, labels, groups, classes=CLASSES, seed=0) is None
    nothing = (features[:0], labels[:0], groups[:0])
    assert advise(*nothing, classes=CLASSES, seed=0) is None


def test_two_pictures_of_a_class_are_no_crash() -> None:
    features, labels, groups = _features(20)
    rows = np.r_[0, 1, 20:60]
    assert advise(features[rows], labels[rows], groups[rows], classes=CLASSES, seed=0) is not None


def _forecast(name: str, *, gain: float, low: float, high: float) -> Forecast:
    return Forecast(
        name=name, pictures=60, added=40, value=0.65, low=0.6, high=0.7,
        gain=gain, gain_low=low, gain_high=high, saturated=gain < 0.01,
    )  # fmt: skip


def test_the_sentences_name_what_helps_what_does_not_and_what_nobody_knows() -> None:
    said = sentences(
        [
            _forecast("scratch", gain=0.03, low=0.02, high=0.04),
            _forecast("dent", gain=0.0, low=0.0, high=0.01),
            _forecast("stain", gain=0.02, low=0.0, high=0.08),
            _forecast("", gain=0.014, low=0.0, high=0.03),
        ]
    )
    assert said[0].startswith("40 more pictures of “scratch” should bring about 3 points")
    assert "62 of 100 are found now" in said[0]
    assert said[1] == "“dent” is saturated: more pictures of this kind change little."
    assert said[2].startswith("“stain” is unclear")
    assert "should bring 1 point on average" in said[3]
