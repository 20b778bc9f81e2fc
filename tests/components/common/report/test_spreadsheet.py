"""Cells that spreadsheets show and do not compute."""

import csv
import io

import pandas as pd
import pytest

from components.common.report.spreadsheet import cell_text, plain_cell, plain_table

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x")', "＝1")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text_and_comes_back(text: str) -> None:
    cell = plain_cell(text)
    assert cell.startswith("'")
    assert cell_text(cell) == text


@pytest.mark.parametrize("text", ["", "lot-7", "a=b", "'quoted'", "Prüfung"])
def test_other_text_stays(text: str) -> None:
    assert plain_cell(text) == text
    assert cell_text(text) == text


def test_a_table_keeps_its_numbers() -> None:
    table = pd.DataFrame({"name": ["=1+1", "ok"], "loss": [-1.5, 2.0], "row": [-3, 4]})
    read = list(csv.reader(io.StringIO(plain_table(table).to_csv(index=False))))
    assert read == [["name", "loss", "row"], ["'=1+1", "-1.5", "-3"], ["ok", "2.0", "4"]]
