"""The table of attributes: what is read, what is refused, and one class more."""

from pathlib import Path

import numpy as np
import pytest

from components.common.errors import ConfigError, DataError
from components.common.labels.attributes import AttributeTable

GOOD = "class,loop,stem\nzero,1,0\nfour,0.5,1\none,0,1\n"


def read(folder: Path, text: str) -> AttributeTable:
    file = folder / "table.csv"
    file.write_text(text)
    return AttributeTable.read(str(file))


def test_a_table_is_read_and_written_alike(tmp_path: Path) -> None:
    table = read(tmp_path, GOOD)
    assert table.classes == ("zero", "four", "one")
    assert table.attributes == ("loop", "stem")
    np.testing.assert_array_equal(table.rows(["one", "zero"]), [[0, 1], [1, 0]])
    table.write(tmp_path / "again.csv")
    again = AttributeTable.read(str(tmp_path / "again.csv"))
    assert (again.classes, again.attributes) == (table.classes, table.attributes)
    np.testing.assert_array_equal(again.values, table.values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "one column 'class'"),
        ("name,loop\na,1\n", "one column 'class'"),
        ("class,loop,loop\na,1,2\nb,2,3\n", "different ones for attributes"),
        ("class,loop\na,1\na,2\n", "each class once"),
        ("class,loop\na,1\nb\n", "2 cells a row"),
        ("class,loop\na,1\nb,\n", "a number .b, loop"),
        ("class,loop\na,1\nb,nan\n", "a number .b, loop"),
        ("class,loop\na,1\n", "at least two classes"),
        ("class,loop,same\na,1,3\nb,2,3\n", "a constant 'same'"),
        ("class,loop,stem\na,1,0\nb,1,0\nc,0,1\n", "'a' like 'b'"),
    ],
)
def test_a_table_that_says_nothing_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, text)


def test_no_table_is_a_wrong_setting(tmp_path: Path) -> None:
    for path in ("", str(tmp_path / "none.csv")):
        with pytest.raises(ConfigError, match=r"train\.options\.attributes"):
            AttributeTable.read(path)


def test_a_class_without_a_row_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="without two, three"):
        read(tmp_path, GOOD).rows(["one", "two", "three"])


def test_one_class_more(tmp_path: Path) -> None:
    longer = read(tmp_path, GOOD).with_class("six", {"stem": 0.5, "loop": 1})
    assert longer.classes[-1] == "six"
    np.testing.assert_array_equal(longer.values[-1], [1, 0.5])


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("one", {"loop": 1, "stem": 0}, "'one', which it has"),
        ("six", {"loop": 1}, "received no stem"),
        ("six", {"loop": 1, "stem": 0, "tail": 1}, "received unknown tail"),
        ("six", {"loop": 1, "stem": 0}, "'zero' like 'six'"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(
    tmp_path: Path, name: str, values: dict[str, float], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, GOOD).with_class(name, values)
