"""The finalists at the end of `graft tune`."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.common.artifacts.tuning.selection import Selection, SelectionInfo
from components.common.statistics import figures as quality
from pipelines.console.paths import link, short
from pipelines.local.run import LocalRun

REPORT = "tuning.html"


def print_selection(console: Console, finished: LocalRun) -> None:
    """Print what was fine-tuned, who won and why, and what was left out."""
    selection = Selection.read(finished.last.output("select", "selection"))
    info = selection.info
    console.print(_finalists(info))
    console.print(f"chosen: [bold]{escape(info.of(info.winner).name)}[/]: {escape(info.reason)}")
    hurried = [one for one in info.left_out if "budget" in one.reason or one.passing]
    for one in hurried:
        console.print(f"left out: {escape(one.name)}: {escape(one.reason)}", style="dim")
    link(finished.run_dir / REPORT, selection.report_path)
    console.print(f"all of it in {escape(short(finished.run_dir / REPORT))}")


def _finalists(info: SelectionInfo) -> Table:
    columns = ("finalist", quality.LABELS[info.metric], "ms a picture", "MB", "Pareto front")
    table = Table(*columns, title="finalists, on the validation pictures", title_justify="left")
    for one in info.measured:
        style = "bold green" if one.key == info.winner else ""
        table.add_row(
            escape(one.name), f"{one.quality:.3f}", f"{one.latency_ms:.1f}", f"{one.size_mb:.1f}",
            "yes" if one.key in info.front else "no", style=style,
        )  # fmt: skip
    return table
