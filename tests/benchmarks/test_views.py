"""One row a way to train and to ask; differences are paired, the front is what nothing beats."""

import numpy as np
import pytest

from benchmarks.views import ANSWERED, TODAYS, TRAINED, Features, served
from benchmarks.views_figures import Served, gap, on_the_front, table
from components.common.statistics.figures import Scored
from components.common.statistics.folds import Fold
from components.networks.data import Split

PICTURES = 60


def features(*, seed: int = 0) -> Features:
    """Two classes; each view of a picture is off by a move of its own along other axes."""
    rng = np.random.default_rng(seed)
    labels = np.arange(PICTURES) % 2
    shown = rng.normal(size=(PICTURES, 6)) + 2.0 * np.eye(2, 6)[labels]
    moved = [(shown + rng.normal(size=shown.shape)).astype(np.float32) for _ in range(4)]
    split = Split(
        pixels=np.zeros((PICTURES, 1, 1, 1), np.uint8),
        targets=np.eye(2, dtype=np.float32)[labels],
        labels=labels,
        weights=np.ones(PICTURES, np.float32),
        groups=np.array([f"g{number // 2}" for number in range(PICTURES)], dtype=object),
        paths=tuple(str(number) for number in range(PICTURES)),
        content_sha256="",
    )
    return Features(split, tuple(moved), np.concatenate(moved))


def row(right: list[bool], *, cost_ms: float, views: int = 1, trained: str = "1") -> Served:
    """Answers to pictures of two classes in turn, six groups of four."""
    targets = np.arange(len(right)) % 2
    said = np.where(right, targets, 1 - targets)
    probabilities = np.eye(2)[said]
    return Served(
        network="tiny@32",
        trained=trained,
        views=views,
        splits=(Scored(targets, said, probabilities, 1),),
        groups=tuple(f"g{number // 4}" for number in range(len(right))),
        cost_ms=cost_ms,
    )


def test_every_way_is_asked_about_the_held_out_pictures() -> None:
    half = np.arange(PICTURES) < PICTURES // 2
    folds = [(0, Fold(np.flatnonzero(half), np.flatnonzero(~half)))]
    costs = {views: float(views) for views in ANSWERED}
    rows = list(served("tiny@32", features(), folds, positive=1, costs_ms=costs))
    assert [(one.trained, one.views) for one in rows] == [
        (trained, views) for trained in TRAINED for views in ANSWERED
    ]
    assert all(len(one.groups) == PICTURES // 2 for one in rows)
    # The mean over views that are off independently of each other is nearer to the picture.
    by_key = {(one.trained, one.views): one for one in rows}
    assert by_key[TODAYS].value("roc_auc") > by_key["4 augmented", 1].value("roc_auc")


def test_differences_are_paired_and_in_points() -> None:
    worse, better = [True] * 24, [True] * 24
    worse[0] = worse[9] = False
    found = gap(row(worse, cost_ms=1), row(better, cost_ms=4), "accuracy")
    assert found.points == pytest.approx(-100 * 2 / 24)
    assert found.low < found.points < found.high
    same = gap(row(worse, cost_ms=1), row(worse, cost_ms=4), "accuracy")
    assert (same.points, same.low, same.high) == (0.0, 0.0, 0.0)


def test_a_row_that_another_beats_for_no_more_is_off_the_front() -> None:
    good, poor = [True] * 24, [True, False] * 12
    rows = [row(poor, cost_ms=1), row(good, cost_ms=2), row(good, cost_ms=3), row(poor, cost_ms=2)]
    assert on_the_front(rows) == [True, True, False, False]


def test_the_table_compares_with_todays_row_of_the_network() -> None:
    todays = row([True] * 24, cost_ms=4, views=4, trained=TODAYS[0])
    drawn = table("views", [todays, row([True, False] * 12, cost_ms=1)], reference=TODAYS)
    assert next(iter(drawn.columns[-4].cells)) == "-"
    assert str(list(drawn.columns[-4].cells)[1]).startswith("-50.0 (")
