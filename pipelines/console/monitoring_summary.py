"""The end of `graft monitor`: the word, why, and where to read more."""

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from components.common.artifacts.monitoring.drift_report import DriftReport, Word
from pipelines.console.paths import link, short
from pipelines.local.run import LocalRun

_COLOURS: dict[Word, str] = {
    "keep": "green",
    "ask": "yellow",
    "fix_camera": "magenta",
    "blind": "red",
    "retrain": "cyan",
}


def print_look(console: Console, finished: LocalRun) -> None:
    """Print what the monitor decided, and where its report is."""
    report = DriftReport.read(finished.last.output("monitor", "drift"))
    info = report.info
    lines = [f"• {escape(text)}" for text in (*info.decision.reasons, *info.notes)]
    console.print(
        Panel(
            "\n".join(lines),
            title=f"{escape(info.model_name)} version {info.version}: "
            f"[bold]{info.decision.word}[/]",
            border_style=_COLOURS[info.decision.word],
            title_align="left",
        )
    )
    if report.report_path.exists():
        target = finished.run_dir / "drift.html"
        link(target, report.report_path)
        console.print(f"all of it in {escape(short(target))}")
