"""`graft passport`: what is known of a published version, on one page."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.common import config
from pipelines.cli import options
from pipelines.workspace import default_model_name

if TYPE_CHECKING:
    from components.common.artifacts.passport import Passport

app = typer.Typer(
    help="Show a version's passport, compare two, or write a model card.", no_args_is_help=True
)

Version = Annotated[
    str, typer.Argument(help="A version's number, or the folder of one. Default: the newest.")
]
Named = Annotated[str, typer.Argument(help="A version's number, or the folder of one.")]
AsJson = Annotated[bool, typer.Option("--json", help="All of it, for programs.")]


@app.command()
def show(
    version: Version = "",
    model_name: options.ModelName = "",
    model_base_path: options.PublishedModels = options.DEFAULT_MODELS,
    as_json: AsJson = False,
) -> None:
    """Show where a version came from, what it can do, and how to build it again."""
    found = _find(version, model_base_path, model_name)
    if as_json:
        typer.echo(json.dumps(config.to_plain(found), indent=2))
        return
    console = Console(soft_wrap=True)
    console.print(f"[bold]{escape(found.model_name)} version {found.version}[/], {found.state}")
    table = Table.grid(padding=(0, 2))
    for name, value in _rows(found):
        table.add_row(f"[dim]{name}[/]", escape(value))
    console.print(table)
    for command in found.rebuild:
        console.print(f"  [dim]$[/] {escape(command)}", highlight=False)


@app.command()
def diff(
    first: Named,
    second: Named,
    model_name: options.ModelName = "",
    model_base_path: options.PublishedModels = options.DEFAULT_MODELS,
    as_json: AsJson = False,
) -> None:
    """Show in what two versions differ: data, settings, model, figures, verdict.

    Exit codes: 0 both are the same model, byte by byte, 1 they are not, 2 no such version.
    """
    from pipelines.passports.compare import compare

    one, other = (_find(word, model_base_path, model_name) for word in (first, second))
    found = compare(one, other)
    if as_json:
        typer.echo(json.dumps(config.to_plain(found), indent=2))
    else:
        console, table = Console(soft_wrap=True), Table("part", "what", first, second)
        for line in found.differences:
            table.add_row(line.part, *map(escape, (line.name, line.first, line.second)))
        if table.row_count:
            console.print(table)
        same = "both are the same model, byte by byte: they answer alike"
        console.print(f"[green]✔[/] {same}" if found.same_model else "they are different models")
    if not found.same_model:
        raise typer.Exit(1)


@app.command()
def card(
    version: Version = "",
    model_name: options.ModelName = "",
    model_base_path: options.PublishedModels = options.DEFAULT_MODELS,
    out: Annotated[Path | None, typer.Option(help="File to write. Default: the terminal.")] = None,
) -> None:
    """Write a model card (Mitchell et al. 2019) as Markdown."""
    from pipelines.passports.card import model_card

    text = model_card(_find(version, model_base_path, model_name))
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


def _find(word: str, models: Path, model_name: str) -> "Passport":
    from pipelines.passports.find import find_passport

    if word and not word.isdecimal():  # a folder, which says whose version it is
        return find_passport(word, models.resolve())
    return find_passport(word, models.resolve() / (model_name or default_model_name(models)))


def _rows(found: "Passport") -> list[tuple[str, str]]:
    """Return the lines of `graft passport show`."""
    from components.common.pictures.grey_range import FULL
    from components.common.statistics.figures import LABELS
    from components.common.times import utc_minute
    from pipelines.passports.compare import with_interval

    verdict, page = found.verdict, found.data
    rows = [
        ("made", utc_minute(found.created_unix_s) or "unknown"),
        ("run", f"{found.run_id or 'unknown'}, commit {found.commit or 'unknown'}"),
        *((("its page", found.run_page),) if found.run_page else ()),
        ("verdict", " ".join((f"{verdict.word}:", *verdict.reasons))),
    ]
    if verdict.override:
        override = verdict.override
        moment = utc_minute(override.at_unix_s)
        rows.append(("overridden", f"by {override.by}, {moment}: {override.reason}"))
    rows += [(LABELS.get(one.name, one.name), with_interval(one)) for one in found.metrics]
    judged = f"{found.test_pictures} pictures in {found.test_groups} groups"
    how = "cross-validation: they judge the recipe" if found.judges_recipe else "held out"
    rows += [
        ("figures from", f"{judged}, {how}"),
        ("network", f"{found.backbone}, {found.image_size_px} px, {found.method}"),
        ("weights", found.weights or "not recorded"),
        ("their licence", found.weights_licence or "not stated"),
    ]
    if page is not None:
        levels = "{} to {}".format(*page.grey_range) if page.grey_range != FULL else ""
        rows += [
            ("data", f"{page.name}, {page.sha256[:12]}"),
            ("their licence", page.licence or "not stated"),
            *((("grey levels", levels),) if levels else ()),
            ("splits", f"{page.protocol or 'unknown'}, split seed {page.split_seed}"),
            *(("warning", finding) for finding in page.findings),
        ]
    return rows
