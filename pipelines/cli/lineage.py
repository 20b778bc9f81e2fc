"""`graft lineage`: from a served version back to its pictures."""

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from pipelines.cli import options
from pipelines.workspace import default_model_name

if TYPE_CHECKING:
    from pipelines.lineage import LineageStep, VersionHistory

_SHORT = 12


def lineage(
    version: Annotated[int, typer.Argument(min=1, help="The served version.")],
    model_name: options.ModelName = "",
    model_base_path: options.PublishedModels = options.DEFAULT_MODELS,
    verify: Annotated[
        bool, typer.Option("--verify", help="Hash every artifact that is still there.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Everything, with the hash of each picture.")
    ] = False,
) -> None:
    """Show which artifacts, settings, code and pictures a version comes from.

    Exit codes: 0 the way back is complete, 1 a link is missing (it is named), 2 no such version.
    """
    from pipelines.lineage import history, plain

    found = history(
        model_base_path.resolve() / (model_name or default_model_name(model_base_path)),
        version,
        verify=verify,
    )
    if as_json:
        typer.echo(json.dumps(plain(found), indent=2))
    else:
        _show(Console(), found)
    if found.missing:
        raise typer.Exit(1)


def _show(console: Console, found: "VersionHistory") -> None:
    tree = Tree(
        f"[bold]{found.model_name} version {found.version}[/]  {found.model_sha256[:_SHORT]}"
    )
    if found.passport is not None:
        page = found.passport
        tree.add(f"{page.state}; run {page.run_id}, commit {page.commit[:_SHORT] or 'unknown'}")
        override = page.verdict.override
        if override is not None:
            tree.add(f"[yellow]deployed against the gate's word[/] by {escape(override.by)}")
    seen: set[str] = set()
    for step in found.steps:
        _branch(tree, step, seen)
    _pictures(tree, found)
    console.print(tree, soft_wrap=True)
    for place in found.gone:
        console.print(f"[dim]recorded, but no longer there:[/] {place}", soft_wrap=True)
    for gap in found.missing:
        console.print(f"[yellow]missing:[/] {gap}", soft_wrap=True)
    if not found.missing:
        console.print("[green]✔[/] every link is there, down to the pictures")


def _branch(tree: Tree, step: "LineageStep", seen: set[str]) -> None:
    if step.link is None:
        tree.add(f"{step.role}  {step.sha256[:_SHORT]}  [yellow]no record[/]")
        return
    place = "" if step.at_hand else "  [dim](not at hand)[/]"
    link = step.link
    words = f"[bold]{step.role}[/]  {step.sha256[:_SHORT]}  by {link.producer}{place}"
    if step.sha256 in seen:
        tree.add(f"{words}  [dim]see above[/]")
        return
    seen.add(step.sha256)
    branch = tree.add(words)
    branch.add(f"[dim]{link.uri}[/]")
    branch.add(f"[dim]run {link.run_id}, commit {link.commit[:_SHORT] or 'unknown'}[/]")
    for one in step.inputs:
        _branch(branch, one, seen)


def _pictures(tree: Tree, found: "VersionHistory") -> None:
    if found.pictures is None:
        tree.add("[yellow]pictures: no record[/]")
        return
    counts = found.pictures["split"].value_counts()
    shares = ", ".join(f"{counts[name]} {name}" for name in counts.index)
    branch = tree.add(f"[bold]{len(found.pictures)} pictures[/] ({shares}); first and last:")
    for row in (found.pictures.iloc[0], found.pictures.iloc[-1]):
        branch.add(f"{row['sha256']}  {row['path']}")
