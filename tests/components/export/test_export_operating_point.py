import dataclasses

import numpy as np
import pandas as pd
import pytest
from tiny_candidate import candidate_info

from components.common.artifacts.candidate import CandidateInfo
from components.common.artifacts.judging.held_out import held_out_table
from components.common.errors import GraftError
from components.export.config import ExportConfig
from components.export.operating_point import choose

PAIR = candidate_info(("bad", "fine"), positive="bad", temperature=2.0)
THREE = candidate_info(("fine", "crack", "dent"), temperature=2.0)


def answers(
    gap: float, *, pictures: int = 400, classes: tuple[str, ...] = PAIR.classes
) -> pd.DataFrame:
    """Logits whose classes are `gap` apart; every picture is a group of its own."""
    rng = np.random.default_rng(0)
    targets = rng.integers(0, len(classes), pictures)
    logits = rng.normal(0, 1, (pictures, len(classes))) + gap * np.eye(len(classes))[targets]
    return held_out_table(
        (2 * logits).astype(np.float32),
        classes=classes,
        paths=[f"{number}.png" for number in range(pictures)],
        groups=[str(number) for number in range(pictures)],
        targets=targets,
    )


def point_of(info: CandidateInfo, **settings: object):
    return choose(info, answers(2.0, classes=info.classes), ExportConfig(**settings), far_from=0.3)[
        0
    ]


def test_equal_costs_decide_by_the_larger_probability() -> None:
    point = point_of(PAIR)
    assert point.good == ("fine",) and point.bad_from == 0.5
    assert point_of(THREE, good=("fine",)).bad_from is None


def test_the_threshold_is_the_ratio_of_the_costs() -> None:
    assert point_of(PAIR, escape_cost=9.0).bad_from == pytest.approx(0.1)
    assert point_of(PAIR, false_alarm_cost=3.0).bad_from == pytest.approx(0.75)
    assert point_of(THREE, good=("fine",), escape_cost=4.0).bad_from == pytest.approx(0.2)


def test_a_rare_class_is_decided_as_if_it_were_not_while_nobody_names_costs() -> None:
    rare = dataclasses.replace(PAIR, class_shares=(0.02, 0.98))
    assert point_of(rare).bad_from == pytest.approx(0.02)
    assert point_of(rare, good=("bad",)).bad_from == pytest.approx(0.98)
    assert point_of(rare, escape_cost=9.0).bad_from == pytest.approx(0.1)
    assert point_of(rare, decision_threshold=0.5).bad_from == 0.5
    three = dataclasses.replace(THREE, class_shares=(0.9, 0.07, 0.03))
    assert point_of(three, good=("fine",)).bad_from == pytest.approx(0.1)
    assert point_of(three, good=("fine",), escape_cost=4.0).bad_from == pytest.approx(0.2)
    assert point_of(three).bad_from is None


def test_a_given_threshold_is_one_of_the_positive_class() -> None:
    assert point_of(PAIR, decision_threshold=0.7, escape_cost=9.0).bad_from == 0.7
    assert point_of(PAIR, decision_threshold=0.7, good=("bad",)).bad_from == pytest.approx(0.3)


def test_asking_keeps_the_promise_on_other_pictures() -> None:
    settings = ExportConfig(escape_rate=0.05, max_asked=0.4)
    point, promise = choose(PAIR, answers(1.2), settings, far_from=None)
    assert promise is not None and promise.kept and promise.escapes > 0.1
    assert point.ask_from is not None and point.bad_from is not None
    assert point.ask_from < point.bad_from


def test_a_promise_that_needs_too_much_asking_is_not_made() -> None:
    settings = ExportConfig(escape_rate=0.05, max_asked=0.05)
    point, promise = choose(PAIR, answers(1.2), settings, far_from=None)
    assert promise is not None and not promise.kept and promise.asked > 0.05
    assert point.ask_from is None


def test_a_good_model_need_not_ask() -> None:
    point, promise = choose(PAIR, answers(6.0), ExportConfig(), far_from=0.3)
    assert promise is not None and promise.kept and promise.asked == 0
    assert promise.escapes < 0.01
    assert point.far_from == 0.3


def test_who_allows_no_asking_is_not_asked_for_strange_pictures_either() -> None:
    point, promise = choose(PAIR, answers(1.2), ExportConfig(max_asked=0.0), far_from=0.3)
    assert point.far_from is None and point.ask_from is None
    assert promise is not None and not promise.kept


def test_without_held_out_answers_nothing_is_promised() -> None:
    point, promise = choose(PAIR, answers(1.2, pictures=0), ExportConfig(), far_from=None)
    assert promise is None and point.ask_from is None


@pytest.mark.parametrize(
    ("info", "settings", "message"),
    [
        (THREE, {"good": ("fin",)}, "name some of the classes fine, crack, dent"),
        (PAIR, {"good": ("bad", "fine")}, "name some of the classes"),
        (THREE, {"escape_cost": 5.0}, "evaluate.good beside"),
        (candidate_info(("ask", "fine")), {}, "other names than 'ask'"),
    ],
)
def test_what_cannot_be_is_refused(
    info: CandidateInfo, settings: dict[str, object], message: str
) -> None:
    with pytest.raises(GraftError, match=message):
        point_of(info, **settings)
