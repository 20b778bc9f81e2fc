"""What the terminal says of the user's pictures."""

import io
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from components.common.artifacts.dataset import Dataset, DatasetInfo, DataWarning, Evidence
from pipelines.console.data_summary import counts, remarks


def _dataset(classes: tuple[str, ...], *, evidence: Evidence = "holdout") -> Dataset:
    rows = [
        {"label": label, "split": split}
        for number, label in enumerate(classes, start=1)
        for split, pictures in (("train", 3 * number), ("test", number))
        for _ in range(pictures)
    ]
    table = pd.DataFrame(rows)
    if evidence == "cross_validation":
        table["split"] = "train"
    warned = (DataWarning(rule="near", text="Expected every picture once; 2 of 8 fail."),)
    info = DatasetInfo(name="mugs", classes=classes, evidence=evidence, findings=warned)
    return Dataset(Path("nowhere"), info, table, pd.DataFrame(rows[:5]))


def _text(dataset: Dataset) -> list[list[str]]:
    written = io.StringIO()
    Console(width=80, file=written).print(counts(dataset))
    lines = written.getvalue().replace("┃", "│").splitlines()
    return [line.replace("│", " ").split() for line in lines if "│" in line]


def test_classes_are_counted_by_split() -> None:
    assert _text(_dataset(("good", "[bad]"))) == [
        ["class", "train", "test"],
        ["good", "3", "1"],
        ["[bad]", "6", "2"],
    ]


def test_under_cross_validation_there_is_one_count() -> None:
    assert _text(_dataset(("good", "bad"), evidence="cross_validation"))[1:] == [
        ["good", "4"],
        ["bad", "8"],
    ]


@pytest.mark.parametrize("classes", [20, 22])
def test_many_classes_end_in_one_line(classes: int) -> None:
    lines = _text(_dataset(tuple(f"c{number}" for number in range(classes))))
    assert lines[20] == ["c19", "60", "20"]
    if classes == 22:
        assert lines[21] == ["and", "2", "more", str(3 * 43), "43"]


def test_what_was_left_out_and_warned_of_is_said() -> None:
    assert remarks(_dataset(("a", "b")), left_out=2) == [
        "2 of 14 pictures cannot be read and were left out",
        "5 pictures without a label: no figure rests on them",
        "Expected every picture once; 2 of 8 fail.",
    ]
