"""The methods' figures on the results page: written from what was kept, never by hand."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.methods.table import HEADER, Row, cells, kept

PAGE = Path("docs/results.md")
_BEGIN, _END = "<!-- methods: begin -->", "<!-- methods: end -->"


def markdown(rows: Sequence[Row]) -> str:
    """Return the rows as a table, with the notes and the commands below it."""
    lines = [f"| {' | '.join(HEADER)} |", "|---" * len(HEADER) + "|"]
    lines += [f"| {' | '.join(cells(row))} |" for row in rows]
    notes = dict.fromkeys(row.note for row in rows if row.note)
    commands = dict.fromkeys(f"`{row.command}`" for row in rows)
    return "\n".join([*lines, *(f"\n{note}" for note in notes), f"\n{', '.join(commands)}"])


def section(methods: Sequence[str]) -> str:
    """Return what stands between the marks: a heading and a table for each method with rows."""
    found = {name: kept(name) for name in methods}
    parts = [f"### `{name}`\n\n{markdown(rows)}" for name, rows in found.items() if rows]
    return "\n\n".join([_BEGIN, *parts, _END])


def written(page: str, methods: Sequence[str]) -> str:
    """Return the page with the section renewed.

    Raises:
        ValueError: it has no marks.
    """
    before, found, rest = page.partition(_BEGIN)
    _, ended, after = rest.partition(_END)
    if not (found and ended):
        raise ValueError(f"expected the marks {_BEGIN} and {_END}, received a page without")
    return before + section(methods) + after


def write_page(methods: Sequence[str]) -> None:
    """Renew the section on the results page."""
    PAGE.write_text(written(PAGE.read_text(), methods))
