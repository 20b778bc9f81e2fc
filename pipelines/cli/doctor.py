"""`graft doctor`: is this machine ready, and if not, what to do."""

from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table


def doctor() -> None:
    """Check Python, disk, memory, GPU, ports and data, and say what to do about each."""
    from pipelines.doctor import diagnose

    checks = diagnose(Path.cwd())
    table = Table(box=None, show_header=False)
    marks = {"ok": "[green]✔[/]", "note": "[yellow]![/]", "bad": "[red]✘[/]"}
    for check in checks:
        table.add_row(marks[check.state], check.name, check.found, check.advice)
    Console().print(table)
    if any(check.state == "bad" for check in checks):
        raise typer.Exit(1)
