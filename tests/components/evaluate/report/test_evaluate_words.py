"""What the page says: sentences, the order of rows, and both languages complete."""

import re
from pathlib import Path

import numpy as np
import pytest
from translated import check_translated

from components.common.artifacts.inspection import GroupFinding, InspectionInfo
from components.common.artifacts.judging.evaluation import EvaluationInfo
from components.common.artifacts.judging.figures import ClassFigures, Corrupted, Forecast, Metric
from components.common.pictures.corruptions import CORRUPTIONS
from components.common.report.texts import LANGUAGES, Language, load_texts
from components.evaluate import report
from components.evaluate.advisor.sentences import sentences
from components.evaluate.report import rows
from components.evaluate.report.drawing import TABLES
from components.evaluate.report.wording import Wording

WORDING = Wording(load_texts(TABLES, "en"))
ROOM = Path(report.__file__).parent
# Keys that are put together from a name.
JOINED = ("tile.", "metric.", "fault.", "data.", "plot.loss", "plot.accuracy")


def test_two_classes_are_worded_as_misses_and_false_alarms() -> None:
    assert WORDING.tiles(np.array([[8, 2], [1, 9]]), ("good", "bad"), "bad") == [
        "9 of 10 (90 %) “bad” pictures were found; missed: 1.",
        "9 of 11 (82 %) “bad” alarms were right; false alarms: 2.",
    ]


def test_more_classes_are_worded_by_the_weakest() -> None:
    counts = np.array([[4, 1, 0], [0, 2, 0], [0, 0, 0]])
    assert WORDING.tiles(counts, ("a", "b", "c"), "") == [
        "Weakest class: “a”. 4 of 5 (80 %) were recognised.",
        "1 of 2 classes were recognised without a mistake.",
    ]


def test_numbers_and_their_ranges() -> None:
    metric = Metric(name="accuracy", value=0.85, low=0.801, high=0.89)
    assert WORDING.interval(metric) == "80.1 to 89.0 %"
    assert WORDING.change("accuracy", -0.0001) == "+0.0 points"
    assert WORDING.change("roc_auc", 0.0123) == "+0.012"


def _class(name: str, recall: float, high: float) -> ClassFigures:
    metric = Metric(name="recall", value=recall, low=0.0, high=high)
    return ClassFigures(name=name, pictures=9, groups=3, metrics=(metric,))


def _info(**changes: object) -> EvaluationInfo:
    known = {"classes": ("a", "b"), "positive": "", "pictures": 9, "groups": 3, "metrics": ()}
    return EvaluationInfo(**(known | changes))  # type: ignore[arg-type]


def test_classes_that_are_surely_weak_come_first() -> None:
    unmeasured = ClassFigures(name="none", pictures=0, groups=0, metrics=())
    few = _class("few pictures", 0.3, 0.95)
    info = _info(per_class=(unmeasured, few, _class("good", 0.97, 0.99), _class("bad", 0.5, 0.6)))
    assert [one.name for one in rows.classes_by_need(info)] == [
        "bad", "few pictures", "good", "none",
    ]  # fmt: skip


def test_worst_pairs_are_the_most_frequent_and_at_most_ten() -> None:
    counts = np.array([[5, 2, 0], [1, 3, 2], [0, 0, 4]])
    pairs = rows.worst_pairs(counts, ("a", "b", "c"))
    assert [(one.truth, one.decision, one.count, one.share) for one in pairs] == [
        ("b", "c", 2, "33 %"), ("a", "b", 2, "29 %"), ("b", "a", 1, "17 %"),
    ]  # fmt: skip
    assert len(rows.worst_pairs(np.ones((9, 9), int), "abcdefghi")) == 10


def test_a_lower_loss_is_better_and_equal_figures_are_neither() -> None:
    both = [Metric(name=name, value=0.5, low=0.4, high=0.6) for name in ("f1", "log_loss")]
    serving = [Metric(name="f1", value=0.5, low=0, high=1),
               Metric(name="log_loss", value=0.7, low=0, high=1)]  # fmt: skip
    info = _info(metrics=tuple(both), incumbent_metrics=tuple(serving))
    assert [one.better for one in rows.change_rows(info, WORDING)] == [None, True]


def test_the_costliest_fault_comes_first_and_gaps_stay_gaps() -> None:
    def fault(name: str, severity: int, change: float) -> Corrupted:
        value = Metric(name="accuracy", value=0.8 + change, low=0.0, high=1.0)
        lost = Metric(name="accuracy", value=change, low=-1.0, high=change + 0.15)
        return Corrupted(name=name, severity=severity, pictures=9, metric=value, change=lost)

    measured = [fault("noise", 1, -0.1), fault("dirt", 1, -0.1), fault("dirt", 2, -0.3)]
    found = rows.robustness_rows(measured, WORDING)
    assert [name for name, _ in found] == ["dirt", "noise"]
    assert found[1][1][1] is None
    assert found[0][1][0] == rows.Severity(value="70 %", change="-10.0 points", loss=0.0)
    assert found[0][1][1] == rows.Severity(value="50 %", change="-30.0 points", loss=0.3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_sentence(language: Language) -> None:
    english, other = load_texts(TABLES, "en").table, load_texts(TABLES, language).table
    assert english.keys() == other.keys()
    for key, text in english.items():
        assert _names(text) == _names(other[key]), key
    assert {f"fault.{name}" for name in CORRUPTIONS} <= english.keys()


def test_no_sentence_is_left_over() -> None:
    used = "".join(
        path.read_text(encoding="utf-8")
        for path in ROOM.rglob("*")
        if path.suffix in (".py", ".html") and path.parent.name != "languages"
    )
    kept = [key for key in load_texts(TABLES, "en").table if not key.startswith(JOINED)]
    assert [key for key in kept if f"'{key}'" not in used and f'"{key}"' not in used] == []


def test_notes_and_names_of_the_record_are_translated() -> None:
    say = load_texts(TABLES, "zh-TW")
    assert say.sentence("brightness: low") == "亮度：低"
    assert say.sentence("Only 4 groups: the intervals are wide, and rough.").startswith("只有 4 組")
    assert say.sentence("certain labels only") == "只含確定的標籤"
    assert say.sentence("Something else.") == "Something else."


def test_every_advice_is_translated() -> None:
    def forecast(name: str, gain: float, width: float, *, saturated: bool = False) -> Forecast:
        low, high = gain - width, gain + width
        return Forecast(
            name=name, pictures=20, added=20, value=0.8, low=0.7, high=0.9, gain=gain,
            gain_low=low, gain_high=high, saturated=saturated,
        )  # fmt: skip

    kinds = (
        [forecast("a", 0.03, 0.01), forecast("b", 0.01, 0.005), forecast("", 0.02, 0.01)],
        [forecast("a", 0.0, 0.01, saturated=True), forecast("b", 0.01, 0.2), forecast("", 0, 0.1)],
        [forecast(name, 0.0, 0.01, saturated=True) for name in "ab"] + [forecast("", 0.01, 0.1)],
        [forecast(name, 0.0, 0.3) for name in "ab"] + [forecast("", 0.01, 0.1)],
        [forecast(name, 0.0, 0.3) for name in "abcdefghijklm"] + [forecast("", 0.01, 0.1)],
        [forecast(name, 0.0, 0.01, saturated=True) for name in "abcdefghijklm"]
        + [forecast("", 0.01, 0.1)],
    )
    for forecasts in kinds:
        check_translated(sentences(forecasts))


def _names(text: str) -> list[str]:
    return sorted(re.findall(r"{(\w+)}", text))


def test_nothing_is_promised_of_new_groups_where_pictures_of_one_straddle_the_splits() -> None:
    flattery = Metric(name="accuracy", value=0.3, low=0.2, high=0.4)
    known = {"groups": 30, "apart": 0.6, "straddling": 0.9, "flattery": flattery, "chance": 0.01}
    proposed = GroupFinding(origin="file names", **known)  # type: ignore[arg-type]
    given = GroupFinding(origin="given", **known)  # type: ignore[arg-type]
    info = _info(metrics=(Metric(name="accuracy", value=0.93, low=0.9, high=0.95),))
    promised = "Of 100 new pictures like these, the model decides about 93 correctly"
    assert WORDING.headline(info, None).startswith(promised)
    assert WORDING.headline(info, given).startswith(promised)
    qualified = WORDING.headline(info, proposed)
    assert "from the same 30 groups" in qualified and "from new groups" in qualified
    assert "about 93 correctly" in qualified and qualified.endswith("about 63.")
    found = InspectionInfo(pictures=9, groups=proposed)
    check_translated(found.notes)
    assert found.hidden_groups == 30
    assert InspectionInfo(pictures=9, groups=given).hidden_groups == 0
