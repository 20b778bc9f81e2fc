"""Rows of the methods' benchmark: met or missed by the figure, and the same after a round trip."""

import io
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.methods import table
from benchmarks.methods.__main__ import benches
from benchmarks.methods.page import PAGE, markdown, written
from benchmarks.methods.picture import PICTURED, draw
from benchmarks.methods.table import Row, cells, keep, kept


def row(**changes: object) -> Row:
    known = {"method": "m", "what": "digits", "value": 70.0, "low": 68.0, "high": 72.0, "seeds": 5}
    return Row(**{**known, "command": "python -m benchmarks.methods m", **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "met"),
    [
        ({}, None),
        ({"goal": 70.0}, True),
        ({"goal": 70.1}, False),
        ({"goal": 69.9, "better": "lower"}, False),
        ({"goal": 70.0, "better": "lower"}, True),
    ],
)
def test_a_goal_is_met_by_the_figure_alone(changes: dict[str, object], met: bool | None) -> None:
    assert row(**changes).met is met


def test_a_missed_goal_says_so_with_its_reason() -> None:
    missed = row(goal=75.0, note="Too few strokes.")
    assert cells(missed) == ("digits", "≥ 75", "70.0", "68.0 to 72.0", "5", "**missed**")
    assert markdown([missed, missed]).count("Too few strokes.") == 1


def test_kept_rows_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "ANSWERS", tmp_path / "answers")
    assert kept("m") == ()
    keep("m", [row(goal=1.0), row()])
    assert kept("m") == (row(goal=1.0), row())


def test_the_page_shows_what_was_kept() -> None:
    page = PAGE.read_text()
    assert written(page, benches()) == page


def test_a_picture_has_a_panel_for_each_data_set() -> None:
    arms = [row(what=f"digits, accuracy: {arm}") for arm in ("plain", "ours")]
    more = [*arms, row(what="cells, accuracy: plain")]
    one, two = (Image.open(io.BytesIO(draw(rows, ours="ours"))) for rows in (arms, more))
    assert one.width == two.width
    assert one.height < two.height
    assert draw(arms, ours="ours") != draw(arms, ours="plain")


@pytest.mark.parametrize("name", PICTURED)
def test_a_pictured_method_has_rows_to_draw(name: str) -> None:
    assert any(row.what.endswith(f": {PICTURED[name]}") for row in kept(name))


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="expected the marks"):
        written("# Results", ["m"])
