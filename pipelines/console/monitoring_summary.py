"""The end of `graft monitor`: the word, why, and where to read more."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from components.common.artifacts.monitoring.drift_report import DriftReport, Word
from pipelines.console.training_summary import link
from pipelines.local.run import LocalRun

_COLOURS: dict[Word, str] = {
    "keep": "green",
    "ask": "yellow",
    "fix_camera": "magenta",
    "retrain": "cyan",
}


def print_look(console: Console, finished: LocalRun) -> DriftReport:
    """Print what the monitor decided and return its report."""
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
        console.print(f"all of it in {escape(_short(target))}")
    return report


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
