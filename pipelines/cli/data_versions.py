"""`graft data log` and `graft data diff`: which versions of a data set there are, what differs."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.common.errors import some
from pipelines.cli import options
from pipelines.cli.settings import choose
from pipelines.workspace import default_preset

if TYPE_CHECKING:
    from components.ingest.config import IngestConfig
    from pipelines.data.compare import DataDifference

_NOW = "now"
_STATISTICS_SHOWN = 5


def log(
    preset: Annotated[
        str | None, typer.Option(help="The run whose data set is meant. Default: graft.yaml's.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="The data set: its folder or manifest.csv.")
    ] = None,
    assignments: options.Assignments = None,
) -> None:
    """List the versions of a data set and what was added or corrected: by whom, and when."""
    from pipelines.data.history import versions

    console = Console()
    found = versions(choose(preset, data, assignments=assignments).run.ingest)
    if not found:
        console.print("no .dvc file in git's history pins it, and nothing was added or corrected")
        return
    table = Table("when", "who", "files", "version", "what", box=None)
    for one in found:
        when = datetime.fromtimestamp(one.time_unix_s).astimezone().strftime("%Y-%m-%d %H:%M")
        row = (when, one.by, f"{one.files:,}", one.revision.removesuffix(".dir")[:12], one.note)
        table.add_row(*map(escape, row))
    console.print(table)


def diff(
    before: Annotated[str, typer.Argument(help="A folder, a manifest.csv, a version, or 'now'.")],
    after: Annotated[str, typer.Argument(help="Another one.")] = _NOW,
    preset: Annotated[
        str | None, typer.Option(help="The run whose versions are meant. Default: graft.yaml's.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="The data set whose versions are meant.")
    ] = None,
    assignments: options.Assignments = None,
    out: Annotated[
        Path | None, typer.Option(help="Write a page with pictures here, an .html file.")
    ] = None,
) -> None:
    """Compare two data sets or versions of one: counts, classes, statistics, changed pictures.

    A version is what 'graft data log' lists, by the beginning of its hash.
    """
    from pipelines.console.progress import bars
    from pipelines.data.compare import difference, write_page
    from pipelines.local.door import check_place

    if out is not None:
        check_place(out.parent, of="page", option="--out")
    console = Console()

    def read_from(word: str) -> "IngestConfig":
        from pipelines.data.history import find_revision

        place = Path(word)
        if place.exists() and not (preset or data or default_preset()):
            return choose(None, place, assignments=assignments).run.ingest
        settings = choose(preset, data, assignments=assignments).run.ingest
        if word == _NOW or place.resolve() == Path(settings.path).resolve():
            return settings
        return choose(None, place).run.ingest if place.exists() else find_revision(word, settings)

    sides = read_from(before), read_from(after)
    with bars(console):
        found = difference(*sides, names=(before, after))
    _show(console, found)
    if out is not None:
        write_page(found, out)
        console.print(f"pictures: {escape(str(out))}")


def _show(console: Console, found: "DataDifference") -> None:
    counts = Table("class", box=None, title=f"{found.pictures[0]} and {found.pictures[1]} pictures")
    for title in (found.before, found.after):
        counts.add_column(escape(title), justify="right")
    for one in found.classes:
        label = escape(one.label) or "without a label"
        counts.add_row(label, f"{one.before:,}", f"{one.after:,}")
    console.print(counts)
    kinds = {"added": found.added, "removed": found.removed, "relabelled": found.relabelled}
    for kind, changed in kinds.items():
        if changed:
            names = some(
                f"{one.name} ({one.label_before} to {one.label})" if one.label_before else one.name
                for one in changed
            )
            console.print(f"{len(changed)} {kind}: {escape(names)}", soft_wrap=True)
    if found.renamed:
        console.print(f"{found.renamed} renamed")
    if found.same:
        console.print("the same pictures, names and labels")
        return
    moved = Table("statistic", "before", "after", "shift, in deviations between groups", box=None)
    for shift in found.shifts[:_STATISTICS_SHOWN]:
        row = (f"{shift.before:.4g}", f"{shift.after:.4g}", f"{shift.shift:+.2f}")
        moved.add_row(shift.name, *row)
    console.print(moved)
