"""`graft label`: pictures that people should look at."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.label.config import QueueConfig
from pipelines.cli import options
from pipelines.cli.settings import PICTURES_PRESET, choose, chosen_preset
from pipelines.workspace import default_model_name, default_preset

if TYPE_CHECKING:
    from components.label.commands import LabelQueue

app = typer.Typer(
    help="Pictures of production that people should look at, and what they call them.",
    no_args_is_help=True,
)

_SHOWN = 20


@app.command()
def queue(
    model_name: options.ModelName = "",
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
        "model_name": model_name or default_model_name(options.DEFAULT_MODELS),
        "count": count,
        "since_unix_s": start_s,
        "until_unix_s": end_s,
        "format": form,
        "uncertainty": by,
    }
    settings = config.load(QueueConfig, words, where="label queue")
    known = choose(preset, data).run.ingest if preset or data or default_preset() else None
    console = Console()
    with bars(console):
        made = make(settings, out=out or default_out(settings), data=known)
    _show(console, made)
    if made.out is not None:
        place = f" --data {data}" if data else f" --preset {preset}" if preset else ""
        console.print(
            f"  when they are labelled: graft data add {made.out}{place}",
            style="dim",
            markup=False,
            soft_wrap=True,
        )


@app.command()
def clusters(
    data: Annotated[
        Path | None,
        typer.Option(help="A folder of pictures; with --names the data set that grows."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A new folder for the clusters.")] = None,
    count: Annotated[
        int, typer.Option("--clusters", min=0, help="How many. Default: estimated.")
    ] = 0,
    names: Annotated[
        Path | None, typer.Option(help="The clusters.csv, with its names filled in.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="The run with the network; with --names, that grows.")
    ] = None,
    assignments: options.Assignments = None,
) -> None:
    """Group pictures without labels by what they show; names of clusters become labels.

    `--data FOLDER --out DIR` writes a contact sheet for each cluster. When a person has filled in
    DIR/clusters.csv, `--names DIR/clusters.csv` makes DIR a data set and, with --data or --preset,
    adds its pictures to that one as 'graft data add' does.

    Exit codes: 0 done, 2 bad input, or some pictures were refused (the others are in).
    """
    from components.label.commands import label_by_names
    from pipelines.cli.data import add
    from pipelines.console.progress import bars
    from pipelines.data.labels import cluster
    from pipelines.local.finished import silence_tensorflow

    console = Console()
    if names is not None:
        found = label_by_names(names)["label"].value_counts()
        said = ", ".join(f"{number} {escape(str(name))}" for name, number in found.items())
        console.print(
            f"[green]✔[/] {said}; the rest stays unlabelled: graft run --data {names.parent}"
        )
        if data or preset:
            add(names.with_name("manifest.csv"), preset=preset, data=data, assignments=assignments)
        return
    if data is None or out is None:
        raise typer.BadParameter("give --data FOLDER and --out DIR, or --names clusters.csv")
    run = choose(chosen_preset(preset, PICTURES_PRESET), assignments=assignments).run
    silence_tensorflow()
    with bars(console):
        made = cluster(data, out=out, count=count, run=run)
    for path in made.left_out:
        console.print(f"[yellow]left out, not readable:[/] {path}", soft_wrap=True)
    sizes = ", ".join(map(str, made.sizes))
    console.print(f"[green]✔[/] {len(made.sizes)} clusters of {sizes} pictures in [bold]{out}[/]")
    console.print("  look at index.html, fill in the names, then: ", style="dim", end="")
    command = f"graft label clusters --names {out / 'clusters.csv'}"
    console.print(command, style="dim", markup=False, soft_wrap=True)


def _show(console: Console, made: "LabelQueue") -> None:
    from components.common.statistics.operating_point import ASK

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
            item.sha256[:12], item.suggestion or ASK, f"{item.confidence:.2f}", item.group, where
        )
    console.print(table)
    if len(made.items) > _SHOWN:
        console.print(f"… and {len(made.items) - _SHOWN} more", style="dim")
    console.print(f"[green]✔[/] {len(made.items)} pictures to label in [bold]{made.out}[/]")
    console.print(f"  from {kept}, {made.asked} asked or labelled before", style="dim")
