"""`graft advise`: which way to transfer fits these pictures, and what the others would need."""

import csv
import json
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.cli import options
from pipelines.cli.settings import choose
from pipelines.workspace import published_models

if TYPE_CHECKING:
    from components.train.commands import MethodAdvice


def advise(
    data: options.Data = None,
    preset: options.Preset = None,
    attributes: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A table of attributes, a line per class."),
    ] = None,
    device: Annotated[
        bool, typer.Option("--device", help="The model is to run on a small device.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
) -> None:
    """Say which of the seven ways to transfer fits a data set, from its listing alone."""
    from components.ingest.commands import offered
    from components.train import commands

    run = choose(preset, data).run
    facts = offered(run.ingest)
    wish = commands.Wish(attributes=_classes(attributes), small_device=device)
    found = commands.advise(facts, wish)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=2))
        return
    console = Console()
    classes = len(facts.labelled)
    console.print(
        f"{facts.pictures} pictures of {classes} classes, {facts.unlabelled} without a label, "
        f"{len(facts.domains)} domains, {len(facts.tasks)} further tasks: "
        f"[bold]{commands.quadrant(facts)}[/]"
    )
    table = Table("", "method", "why, or what it would need", box=None)
    for one in found:
        table.add_row("[green]fits[/]" if one.fits else "", one.method, escape(one.reason))
    console.print(table)
    for one in found:
        if one.fits:
            console.print(f"{one.method}:", style="bold")
            command = _command(one, data, attributes, model=run.model_name)
            console.print(f"  {command}", soft_wrap=True, markup=False)
    if device and run.model_name not in published_models(Path(run.model_base_path)):
        console.print("linear_probe comes first: it is the teacher of distillation")


def _classes(table: Path | None) -> tuple[str, ...]:
    if table is None:
        return ()
    with table.open(encoding="utf-8-sig", newline="") as lines:
        return tuple(row.get("class", "").strip() for row in csv.DictReader(lines))


def _command(one: "MethodAdvice", data: Path | None, attributes: Path | None, *, model: str) -> str:
    """Return what to type; `model` is what a plain run of the same pictures publishes."""
    place = ["--data", str(data)] if data else []
    if one.method == "self_taught_clustering":
        return shlex.join(["graft", "label", "clusters", *place, "--out", "clusters"])
    words = ["graft", "run", "--preset", one.preset, *place]
    for text in one.settings:
        said = text.replace("FILE.csv", str(attributes)).replace("MODEL", model)
        words += ["--set", said]
    return shlex.join(words)
