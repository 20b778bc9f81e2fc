import shutil
from pathlib import Path

import pytest
from watched_model import ALARM_RUN, DAY_S, MODEL, NOW_UNIX_S, write_log, write_looks, write_model

from components.common.artifacts.monitoring.prediction_log import JOURNAL
from pipelines.ui.watch import timeline
from pipelines.ui.watch.drawing import colour_of, draw
from pipelines.ui.watch.timeline import Timeline, read_report, read_timeline


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("watched")
    pictures = write_log(home / "log" / MODEL)
    write_looks(write_model(home / "models"), home / "runs", pictures)
    return home


def timeline_of(home: Path, *, days: int = 14, now_unix_s: float = NOW_UNIX_S) -> Timeline:
    return read_timeline(
        home / "models" / MODEL,
        log=home / "log" / MODEL,
        runs_dir=home / "runs",
        days=days,
        now_unix_s=now_unix_s,
    )


def test_every_date_has_a_day_with_the_answers_of_that_day(home: Path) -> None:
    found = timeline_of(home)
    assert [day.total for day in found.days] == [0] * 7 + [10] * 7
    assert dict(found.days[-1].answers) == {"ask": 1, "bad": 7, "good": 2}
    assert str(found.days[-1].day) == "2026-11-26"
    assert found.answers == ("ask", "bad", "good")


def test_looks_versions_and_retrainings_of_the_time(home: Path) -> None:
    found = timeline_of(home)
    assert [one.entry.word for one in found.looks] == ["keep", "keep", "ask", "retrain"]
    assert [one.alarm for one in found.looks] == [False, False, True, True]
    near = found.looks[2].nearest_to_alarm
    assert near == ("shifted_statistics", pytest.approx(1.6))
    assert [one.number for one in found.versions] == [2]  # the first one is a month old
    assert [one.key for one in found.retrainings] == ["week-48"]
    assert timeline_of(home, days=2).looks == found.looks[-1:]
    times = [one.time_unix_s for one in found.events]
    assert len(times) == 4 + 1 + 1 and times == sorted(times, reverse=True)


def test_a_look_whose_run_is_gone_stays_without_its_report(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(home, copy)
    shutil.rmtree(copy / "runs" / ALARM_RUN)
    look = timeline_of(copy).looks[2]
    assert (look.report, look.nearest_to_alarm, look.alarm) == (None, None, True)
    assert read_report(copy / "runs", "../runs") is None


def test_nothing_yet_is_an_empty_timeline(tmp_path: Path) -> None:
    found = timeline_of(tmp_path)
    assert (found.answers, found.looks, found.versions) == ((), (), ())
    charts = draw(found)
    assert (charts.bars, charts.marks, charts.drift, charts.loss) == ((), (), None, None)


def test_what_comes_in_today_shows_and_a_damaged_journal_costs_only_itself(
    home: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(home, copy)
    before = timeline_of(copy).days[-1].total
    today = copy / "log" / MODEL / "2026-11-26"
    write_log(tmp_path / "other" / MODEL, days=1, each=3)
    shutil.copy(tmp_path / "other" / MODEL / "2026-11-26" / "0-w.parquet", today / "1-w.parquet")
    (copy / "log" / MODEL / JOURNAL).mkdir()
    (copy / "log" / MODEL / JOURNAL / "0-w.arrows").write_bytes(b"half a")
    assert timeline_of(copy).days[-1].total == before + 3


def test_a_large_day_is_counted_piece_by_piece_to_the_same(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = timeline_of(home).days
    timeline._counted.cache_clear()
    monkeypatch.setattr(timeline, "_PIECE_BYTES", 1)
    assert timeline_of(home).days == whole


def test_charts_keep_to_their_place_and_their_scale(home: Path) -> None:
    found = timeline_of(home)
    charts = draw(found)
    assert len(charts.bars) == 7 * 3
    last = [one for one in charts.bars if one.title.startswith("2026-11-26")]
    assert sum(one.height for one in last) == pytest.approx(100)
    assert {one.colour for one in last} == {"c-1", "c0 pale0", "c1 pale0"}
    assert "bad 70 % (7 / 10)" in " ".join(one.title for one in last)
    assert max(one.x + one.width for one in charts.bars) <= 100
    assert charts.drift is not None and charts.loss is not None
    # Above the line is an alarm; a larger value stands higher.
    assert [one.y < charts.drift.level for one in charts.drift.dots] == [False, False, True, True]
    heights = [one.y for one in charts.loss.dots]
    assert heights == sorted(heights, reverse=True)
    assert all(0 <= one.y <= 100 for one in (*charts.drift.dots, *charts.loss.dots))
    kinds = [one.kind for one in charts.marks]
    assert kinds == ["version", "retraining", "alarm", "alarm"]
    published = charts.marks[0].x
    age = (found.until_unix_s - (NOW_UNIX_S - 5 * DAY_S)) / (14 * DAY_S)
    assert published == pytest.approx(100 * (1 - age))


def test_thirty_classes_and_ask_have_styles_of_their_own() -> None:
    names = ("ask", *(f"class {number}" for number in range(30)))
    assert len({colour_of(one, names) for one in names}) == 31
    assert [colour_of(one, names) for one in ("ask", "class 0", "class 8")] == [
        "c-1",
        "c0 pale0",
        "c0 pale1",
    ]
