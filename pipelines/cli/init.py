"""`graft init`: a preset with comments for the folder that the user stands in."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from components.common.errors import ConfigError, DataError, InputError
from components.common.files import create, explained
from pipelines.cli.settings import PICTURES_PRESET, choose
from pipelines.workspace import PRESET_FILE, starting_preset


def init(
    pictures: Annotated[
        Path | None,
        typer.Argument(
            help="Your pictures: a folder with a sub-folder for each class, or a manifest.csv. "
            "Default: the only one in this folder."
        ),
    ] = None,
) -> None:
    """Write graft.yaml: the settings of every command in this folder, each with a comment.

    A graft.yaml that is there is left as it is.
    """
    from components.ingest.commands import source_facts

    if PRESET_FILE.exists():
        raise ConfigError(
            "a folder without a graft.yaml",
            received="one that is there",
            do="edit it, or remove it and type 'graft init' again",
        )
    data = pictures or _only_data_set()
    source = choose(PICTURES_PRESET, data).run.ingest
    facts = source_facts(source)
    place = Path(source.path)
    shown = place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else place
    with explained(Path.cwd(), error=ConfigError):
        create(PRESET_FILE, starting_preset(shown, source, facts).encode())
    console = Console(soft_wrap=True)
    found = ", ".join(f"{escape(one.name)} {one.pictures}" for one in facts.labelled)
    console.print(f"{facts.pictures} pictures of {len(facts.labelled)} classes: {found}")
    console.print(f"[green]✔[/] [bold]{PRESET_FILE}[/]: look through it, then type: graft run")


def _only_data_set() -> Path:
    """Return the one folder here that holds pictures by class, or a manifest.csv."""
    from components.ingest.commands import source_facts

    found = []
    for folder in sorted(Path.cwd().iterdir()):
        if folder.is_dir() and not folder.name.startswith("."):
            try:
                source_facts(choose(PICTURES_PRESET, folder).run.ingest)
            except InputError:
                continue
            found.append(folder.name)
    if len(found) == 1:
        return Path(found[0])
    raise DataError(
        "one folder here with a sub-folder of pictures for each class",
        received=", ".join(found) or "none",
        do="type 'graft init FOLDER'",
    )
