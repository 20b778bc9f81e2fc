"""`graft simulate`: a year of production in minutes, and what the monitor makes of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from pipelines.cli import options
from pipelines.cli.settings import chosen_preset

if TYPE_CHECKING:
    from pipelines.simulate.year import Lived


def simulate(
    preset: options.Preset = None,
    out: Annotated[
        Path, typer.Option(help="Folder for the timeline and the weeks as JSON.")
    ] = Path("runs/simulation"),
    weeks: Annotated[int, typer.Option(min=1, max=520, help="How many weeks.")] = 52,
    pictures: Annotated[int, typer.Option(min=20, help="Pictures a week.")] = 120,
    labels: Annotated[
        int, typer.Option(min=1, help="Pictures people label in a week in which they are asked.")
    ] = 40,
    assignments: options.Assignments = None,
) -> None:
    """Simulate a year with the real monitor: defocus, a new supplier, a bad lot, a weak lamp.

    The model is a linear probe on the preset's network; detectors, explanation, loss estimate,
    policy and audit are those of production. Needs the demo data (`make data`).
    """
    from pipelines.config import override, read_preset, resolve
    from pipelines.local.finished import silence_tensorflow
    from pipelines.simulate.simulate import simulate as work

    silence_tensorflow()
    console = Console()
    # One false alarm in twenty weekly looks: so few modules cannot promise much less.
    mine = ["augment.views=1", "monitor.detect.false_alarms=0.05"]
    plain = override(read_preset(chosen_preset(preset)), [*mine, *(assignments or ())])
    settings = resolve(plain)
    console.print(f"[bold]graft simulate[/]  ·  {weeks} weeks of {pictures} pictures  ·  {out}")
    finished = work(
        settings,
        out=out,
        weeks=weeks,
        pictures=pictures,
        labels=labels,
        after=lambda lived: _print_week(console, lived),
    )
    console.print(f"timeline      {finished}")


def _print_week(console: Console, lived: "Lived") -> None:
    harm, estimated = lived.harm, "   –  "
    if harm is not None:
        estimated = f"{harm.reference_accuracy - harm.loss_points / 100.0:6.3f}"
    style = {
        "keep": "dim",
        "ask": "yellow",
        "fix_camera": "magenta",
        "blind": "red",
        "retrain": "green",
    }
    word = lived.decision.word
    unusual = ", ".join(f"{name} ({how})" for name, how in lived.now.unusual.items())
    fault = f" {lived.explanation.fault}" if lived.explanation.fault else ""
    console.print(
        f"week {lived.now.week:2}  version {lived.version}  drift {lived.drift:6.2f}  "
        f"accuracy {lived.accuracy:.3f} (estimated {estimated})  "
        f"{'asked, then ' if lived.asked else ''}[{style[word]}]{word}[/]{fault}  "
        f"[dim]{unusual}[/]"
    )
    if lived.trained:
        console.print(f"         {lived.trained}", style="green")
