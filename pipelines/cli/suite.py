"""`graft data infer-suite` and `graft data validate`: what new pictures are expected to be like."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.common.errors import ConfigError, some
from components.common.files import write_bytes
from pipelines.cli import options
from pipelines.cli.settings import choose

if TYPE_CHECKING:
    from components.validate.commands import RuleResult

_SUITE = Path("suite.json")

AnyPictures = Annotated[
    Path | None,
    typer.Option(help="Pictures: by class, a manifest.csv, or a folder without labels."),
]


def infer_suite(
    data: AnyPictures = None,
    out: Annotated[Path, typer.Option(help="Where the suite is written.")] = _SUITE,
    preset: options.Preset = None,
    assignments: options.Assignments = None,
) -> None:
    """Derive expectations from accepted pictures, as JSON of Great Expectations to edit and commit.

    A preset's `validate.suite` makes a run judge by them. A suite that is there is left as it is.
    """
    from pipelines.console.progress import bars
    from pipelines.data.suites import infer
    from pipelines.local.door import check_place

    if out.exists():
        raise ConfigError(
            f"a new file for the suite at '{out}'",
            received="one that is there",
            do="edit it, remove it, or name another with --out",
        )
    check_place(out.parent, of="suite", option="--out")
    console = Console(soft_wrap=True)
    with bars(console):
        text = infer(choose(preset, data, assignments=assignments).run.ingest)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(out, text)
    console.print(f"[green]✔[/] [bold]{escape(str(out))}[/]: look through it, edit and commit it")


def validate(
    data: AnyPictures = None,
    suite: Annotated[Path, typer.Option(help="The suite.")] = _SUITE,
    docs: Annotated[
        Path, typer.Option(help="Where Great Expectations writes its pages (Data Docs).")
    ] = Path(".graft/data-docs"),
    preset: options.Preset = None,
    assignments: options.Assignments = None,
) -> None:
    """Judge pictures, with or without labels, by a suite.

    Exit codes: 0 no critical expectation is broken, 2 one is, or nothing can be read.
    """
    from pipelines.console.progress import bars
    from pipelines.data.suites import validate as judge
    from pipelines.local.door import check_place

    check_place(docs, of="pages", option="--docs")
    console = Console(soft_wrap=True)
    with bars(console):
        ingest = choose(preset, data, assignments=assignments).run.ingest
        found = judge(ingest, suite=suite, docs=docs)
    broken = [one for one in found if not one.passed]
    _show(console, broken)
    critical = [one for one in broken if one.severity == "critical"]
    said = f"{len(found)} expectations, {len(broken)} broken, {len(critical)} of them critical"
    console.print(f"[{'red' if critical else 'green'}]{said}[/]")
    console.print(f"pages: {(docs / 'index.html').resolve().as_uri()}")
    if critical:
        raise typer.Exit(2)


def _show(console: Console, broken: "list[RuleResult]") -> None:
    if not broken:
        return
    table = Table("expected", "severity", "failing", "pictures", box=None)
    for one in broken:
        count = f"{one.failing} of {one.checked}"
        table.add_row(escape(one.want), one.severity, count, escape(some(one.examples)))
    console.print(table)
