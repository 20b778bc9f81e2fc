"""`graft backbones`: which networks there are, and which have weights on this machine."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from components.networks.catalogue import Entry


def backbones(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
) -> None:
    """List the networks that train.backbone may name: size, input, licence, weights at hand."""
    from components.networks.catalogue import entries, keras_cache

    found = entries(Path("data/weights"), keras_cache())
    if as_json:
        import json

        typer.echo(json.dumps([asdict(entry) for entry in found], indent=2))
        return
    console = Console()
    console.print(_drawn(found))
    console.print("pretrained at: edge in pixels. Others download with train.weights=imagenet.")


def _drawn(found: "tuple[Entry, ...]") -> Table:
    table = Table(box=None)
    table.add_column("backbone", no_wrap=True)
    table.add_column("parameters", justify="right")
    table.add_column("pretrained at", justify="right")
    table.add_column("licence of weights")
    table.add_column("on this machine", overflow="fold")
    for entry in found:
        table.add_row(
            escape(entry.name),
            "" if entry.parameters is None else f"{entry.parameters / 1e6:.1f} M",
            "" if entry.size_px is None else f"{entry.size_px} px",
            entry.licence,
            escape(", ".join(_short(file) for file in entry.files)),
        )
    return table


def _short(file: str) -> str:
    """Return a path as it is when it can be typed, else that Keras has it."""
    return "Keras' cache" if Path(file).is_absolute() else file
