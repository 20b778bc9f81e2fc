"""`graft label`: pictures of production that people should look at."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from components.label.config import QueueConfig

if TYPE_CHECKING:
    from components.label.commands import LabelQueue

app = typer.Typer(help="Pictures of production that people should look at.", no_args_is_help=True)

_SHOWN = 20


@app.callback()
def label() -> None:
    """Keep `queue` a sub-command although it is the only one."""


@app.command()
def queue(
    model_name: Annotated[str, typer.Option(help="The model whose log is read.")] = "solar",
    log: Annotated[
        Path, typer.Option(help="The prediction log that `graft gateway` writes.")
    ] = Path(".graft/predictions"),
    count: Annotated[int, typer.Option(min=1, help="How many pictures at most.")] = 20,
    since: Annotated[
        datetime | None, typer.Option(help="Start of the window, UTC. Default: a week before.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(help="End of the window, UTC. Default: now.")
    ] = None,
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
    from pipelines.cli.data import resolved
    from pipelines.console.progress import bars
    from pipelines.data.labels import queue as make

    end = (until or datetime.now(UTC)).replace(tzinfo=UTC)
    start = (since or end - timedelta(days=7)).replace(tzinfo=UTC)
    words = {
        "log": str(log),
        "model_name": model_name,
        "count": count,
        "since_unix_s": start.timestamp(),
        "until_unix_s": end.timestamp(),
        "format": form,
        "uncertainty": by,
    }
    settings = config.load(QueueConfig, words, where="label queue")
    known = resolved(preset, data, ()).ingest if preset or data else None
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
        row = (item.sha256[:12], item.suggestion, f"{item.confidence:.2f}", item.group, where)
        table.add_row(*row)
    console.print(table)
    console.print(f"[green]✔[/] {len(made.items)} pictures to label in [bold]{made.out}[/]")
    console.print(f"  from {kept}, {made.asked} asked or labelled before", style="dim")
    console.print("  when they are labelled: graft data add", style="dim")
