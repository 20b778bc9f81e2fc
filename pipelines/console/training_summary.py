"""The short coloured end of `graft run`."""

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from components.common.artifacts.deployment import Deployment
from components.common.artifacts.inspection import Inspection, InspectionInfo
from components.common.artifacts.judging.evaluation import Evaluation, EvaluationInfo
from components.common.artifacts.judging.verdict import NextAction, Verdict
from components.common.statistics.operating_point import ASK
from pipelines.config import TrainingRun
from pipelines.console.data_summary import print_data
from pipelines.console.next_command import accept_groups_command, next_command, override_command
from pipelines.console.paths import link, short
from pipelines.local.run import LocalRun
from pipelines.local.serve_check import Served

_HEADLINE = ("accuracy", "balanced_accuracy", "f1", "roc_auc")
_COLOURS = {"deploy": "green", "hold": "yellow", "insufficient": "magenta"}
GIB = 1024**3


def print_summary(
    console: Console,
    settings: TrainingRun,
    finished: LocalRun,
    *,
    served: Served | None,
    wall_s: float,
) -> None:
    """Print what was found, answers, figures, verdict, where to look, and the next command."""
    evaluation = Evaluation.read(finished.last.output("evaluate", "evaluation"))
    verdict = Verdict.read(finished.last.output("gate", "verdict"))
    print_data(console, finished.last)
    if served is not None:
        console.print(_answers(served, began_unix_s=time.time() - wall_s))
    console.print(_figures(evaluation.info))
    console.print(_times(finished, wall_s))
    reused = [record.step for record in finished.last.records if record.state == "reused"]
    if reused:
        console.print(f"unchanged since an earlier run, not worked again: {', '.join(reused)}")
    inspection = Inspection.read(finished.last.output("inspect", "inspection"))
    link(finished.run_dir / "inspection", inspection.root)
    action = verdict.info.next_action
    for line in _doubts(inspection.info, finished.run_dir, action):
        console.print(escape(line), style="yellow", soft_wrap=True)
    colour = _COLOURS[verdict.info.word]
    title = f"verdict: [bold]{verdict.info.word}[/], {escape(settings.model_name)}"
    if finished.last.record("deploy") is not None:
        version = Deployment.read(finished.last.output("deploy", "deployment")).info.version
        title += f" is published as version {version}"
    said = _listed("", verdict.info.reasons)
    said += _listed("\n[bold]what to do next[/]", verdict.info.next_steps)
    console.print(Panel(said.strip(), title=title, border_style=colour, title_align="left"))
    console.print(_where(evaluation, verdict, finished))
    command = next_command(action, models=Path(settings.model_base_path), run_dir=finished.run_dir)
    console.print(f"next     [bold]{escape(command)}[/]", soft_wrap=True)
    if action in {"add_pictures", "cross_validate"}:
        own_word = override_command(finished.run_dir)
        console.print(f"or       {escape(own_word)}", soft_wrap=True, style="dim")


def _listed(title: str, sentences: Sequence[str]) -> str:
    return "\n".join(["", title, *(f"• {escape(sentence)}" for sentence in sentences)])


def _answers(served: Served, *, began_unix_s: float) -> Table:
    which = "held-out pictures" if served.held_out else "pictures that it has learnt"
    title = f"{which}, asked of version {served.version}"
    if served.asked_unix_s < began_unix_s:
        when = datetime.fromtimestamp(served.asked_unix_s).astimezone()
        title += f" on {when:%Y-%m-%d at %H:%M}; nothing has changed since"
    table = Table("picture", "truth", "REST", "gRPC", title=title, title_justify="left")
    for asked in served.asked:
        table.add_row(
            Path(asked.path).name,
            asked.truth,
            _answer(asked.rest_decision, asked.rest_probability, asked.truth),
            _answer(asked.grpc_decision, asked.grpc_probability, asked.truth),
        )
    return table


def _answer(name: str, probability: float, truth: str) -> str:
    colour = "green" if name == truth else "yellow" if name == ASK else "red"
    return f"[{colour}]{escape(name)}[/] {probability:.3f}"


def _figures(info: EvaluationInfo) -> Table:
    counted = f"{info.pictures} pictures in {info.groups} groups"
    title = f"test split: {counted} never seen in training"
    if info.evidence == "cross_validation":
        title = f"cross-validation: {counted}, each answered by a network that had not seen it"
    table = Table("figure", "value", "95 % interval", title=title, title_justify="left")
    for metric in info.metrics:
        if metric.name in _HEADLINE:
            name = metric.name.replace("_", " ")
            table.add_row(name, f"{metric.value:.3f}", f"{metric.low:.3f} – {metric.high:.3f}")
    return table


def _times(finished: LocalRun, wall_s: float) -> Table:
    title = f"time: {wall_s:.0f} s in all"
    table = Table("step", "seconds", "peak memory", "", title=title, title_justify="left")
    for record in finished.last.records:
        note = "from the cache" if record.state == "reused" else ""
        memory = f"{record.peak_memory_bytes / GIB:.1f} GiB"
        table.add_row(record.step, f"{record.seconds:.1f}", memory, note)
    return table


def _doubts(info: InspectionInfo, run_dir: Path, action: NextAction) -> list[str]:
    lines = list(info.notes)
    # Where it is the next command, it stands at the end.
    if info.hidden_groups and action != "accept_groups":
        lines.append(f"to accept them: {accept_groups_command(run_dir)}")
    if info.suspected:
        table = short(run_dir / "inspection" / "label_errors.csv")
        lines.append(f"{info.suspected} of {info.pictures} labels are likely wrong: {table}")
    clear = [f"{one.fact} ({one.roc_auc.value:.2f})" for one in info.shortcuts if one.clear]
    if clear:
        lines.append(f"these alone tell the classes apart (ROC-AUC): {', '.join(clear)}")
    return lines


def _where(evaluation: Evaluation, verdict: Verdict, finished: LocalRun) -> Table:
    run_dir, table = finished.run_dir, Table.grid(padding=(0, 2))
    checks = finished.last.output("validate", "report") / "report.html"
    for name, target in (
        ("report.html", verdict.report_path),
        ("checks.html", checks),
        ("plots", evaluation.plots),
    ):
        link(run_dir / name, target)
    table.add_row("report", f"[bold]{short(run_dir / 'report.html')}[/]")
    table.add_row("checks", f"{short(run_dir / 'checks.html')} (of the pictures)")
    table.add_row("plots", f"{short(run_dir / 'plots')}/")
    table.add_row("run", short(run_dir / "run.json"))
    return table
