"""Text in CSV files that people open: names come from the network, and cells can compute.

A cell that begins like a formula gets an apostrophe, which spreadsheets take as "this is text"
(OWASP, "CSV Injection").
"""

import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def plain_cell(text: str) -> str:
    """Return a cell that a spreadsheet shows and does not compute."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def cell_text(cell: str) -> str:
    """Return the text behind a cell of `plain_cell`; what a person wrote stays as it is."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def plain_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose text is in cells of `plain_cell`."""
    return table.map(lambda value: plain_cell(value) if isinstance(value, str) else value)
