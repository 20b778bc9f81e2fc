"""`graft label`: pictures of production that people should look at."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from components.label.config import QueueConfig
from pipelines.cli import options
from pipelines.cli.settings import choose

if TYPE_CHECKING:
    from components.label.commands import LabelQueue

app = typer.Typer(help="Pictures of production that people should look at.", no_args_is_help=True)

_SHOWN = 20


@app.callback()
def label() -> None:
    """Keep `queue` a sub-command although it is the only one."""


@app.command()
def queue(
    model_name: options.ModelName = "solar",
    log: options.PredictionLog = options.DEFAULT_LOG,
    count: Annotated[int, typer.Option(min=1, help="How many pictures at most.")] = 20,
    since: options.Since = None,
    until: options.Until = None,
    form: Annotated[str, typer.Option("--format", help="folder, csv or label_studio.")] = "folder",
    by: Annotated[
        str, typer.Option(help="What makes a picture worth asking about: margin or entropy.")
    ] = "margin",
    out: Annotated[
        Path | None, typer.Option(help="A new folder. Default: label-queues/<model>-<date>.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="The run whose data set needs no more labels.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The same, by its folder or manifest.")] = None,
) -> None:
    """Choose the pictures that a label helps most: uncertain, unlike each other, never asked.

    Exit codes: 0 also when nothing is new, 2 the log is empty or holds no pictures.
    """
    from components.common import config
    from components.label.commands import default_out
    from pipelines.console.progress import bars
    from pipelines.data.labels import queue as make

    start_s, end_s = options.window(since, until)
    words = {
        "log": str(log),
        "model_name": model_name,
        "count": count,
        "since_unix_s": start_s,
        "until_unix_s": end_s,
        "format": form,
        "uncertainty": by,
    }
    settings = config.load(QueueConfig, words, where="label queue")
    known = choose(preset, data).run.ingest if preset or data else None
    console = Console()
    with bars(console):
        made = make(settings, out=out or default_out(settings), data=known)
    _show(console, made)


def _show(console: Console, made: "LabelQueue") -> None:
    for path in made.damaged:
        console.print(f"[yellow]left out, damaged:[/] {path}", soft_wrap=True)
    kept = f"{made.predictions} predictions, {made.pictures} of their pictures kept"
    if made.out is None:
        console.print(f"nothing new to label: {kept}, {made.asked} asked or labelled before")
        return
    table = Table("picture", "model says", "confidence", "group", "line", box=None)
    for item in made.items[:_SHOWN]:
        where = item.line or item.camera
        table.add_row(
            item.sha256[:12], item.suggestion, f"{item.confidence:.2f}", item.group, where
        )
    console.print(table)
    console.print(f"[green]✔[/] {len(made.items)} pictures to label in [bold]{made.out}[/]")
    console.print(f"  from {kept}, {made.asked} asked or labelled before", style="dim")
    console.print("  when they are labelled: graft data add", style="dim")
