"""The evaluate step: the exported model on the test split, figures, plots, report."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.decision import Decision
from components.common.artifacts.evaluation import Evaluation, EvaluationInfo, Metric, scored
from components.common.artifacts.exported import Export
from components.common.run_context import RunContext
from components.common.statistics.figures import Scored, confusion_counts
from components.evaluate.config import EvaluateConfig
from components.evaluate.data_summary import count_splits, read_origins, straddling_groups
from components.evaluate.incumbent import Incumbent, Known, newest_version, score_incumbent
from components.evaluate.intervals import measure
from components.evaluate.mistakes import worst_mistakes
from components.evaluate.plots import draw, layer_profile
from components.evaluate.predictions import score
from components.evaluate.report import ReportContent, render
from components.evaluate.slices import measure_slices


@dataclass(frozen=True)
class Inputs:
    """The artifacts that an evaluation reads."""

    exported: Path
    candidate: Path
    dataset: Path


def evaluate(inputs: Inputs, *, out: Path, settings: EvaluateConfig, run: RunContext) -> None:
    """Judge an exported model, and the version that serves now, on the test split.

    Args:
        inputs: Export, Candidate and validated Dataset.
        out: becomes the Evaluation: figures, predictions, `plots/`, `report.html`.
        settings: the step's settings.
        run: named in the report.

    Raises:
        DataError: there is no test picture, or one cannot be read.
        ExportError: the model's classes are not those of the data set.
    """
    export, dataset = Export.read(inputs.exported), Dataset.read(inputs.dataset)
    predictions = score(
        export.saved_model,
        dataset,
        batch_size=settings.batch_size,
        activity="asking the exported model",
    )
    incumbent = _incumbent(Known(export.info.model_sha256, predictions), dataset, settings)
    info = _figures(predictions, incumbent, export, dataset, settings)
    evaluation = Evaluation(out, info)
    evaluation.write(predictions, incumbent.predictions if incumbent else None)
    _write_report(evaluation, export, dataset, inputs, settings=settings, run=run)


def publish(root: Path, *, report: Path) -> dict[str, float]:
    """Copy the report to where a dashboard looks for it and return its figures.

    Args:
        root: a written Evaluation.
        report: becomes the HTML file.

    Returns:
        Each metric by name, with its interval as `<name>_low` and `<name>_high`.
    """
    evaluation = Evaluation.read(root)
    report.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(evaluation.report_path, report)
    figures = {}
    for metric in evaluation.info.metrics:
        figures[metric.name] = metric.value
        figures[f"{metric.name}_low"] = metric.low
        figures[f"{metric.name}_high"] = metric.high
    return figures


def _incumbent(candidate: Known, dataset: Dataset, settings: EvaluateConfig) -> Incumbent | None:
    version = newest_version(settings.model_base_path, settings.model_name)
    if version is None:
        return None
    return score_incumbent(version, dataset, candidate=candidate, batch_size=settings.batch_size)


def _figures(
    predictions: pd.DataFrame,
    incumbent: Incumbent | None,
    export: Export,
    dataset: Dataset,
    settings: EvaluateConfig,
) -> EvaluationInfo:
    classes, positive = export.info.classes, export.info.positive
    draws, seed = settings.bootstrap_draws, settings.seed
    groups = predictions["group"].astype(str).tolist()
    answers = scored(predictions, classes, positive)
    figures = measure(answers, groups, draws=draws, seed=seed)
    notes = [*figures.notes, *_leak_note(dataset)]
    serving: tuple[Metric, ...] = ()
    if incumbent and incumbent.predictions is not None:
        theirs = scored(incumbent.predictions, classes, positive)
        serving = measure(theirs, groups, draws=draws, seed=seed).metrics
    if incumbent and incumbent.note:
        notes.append(incumbent.note)
    return EvaluationInfo(
        classes=classes,
        positive=positive,
        pictures=len(predictions),
        groups=len(set(groups)),
        metrics=figures.metrics,
        incumbent_metrics=serving,
        incumbent_version=incumbent.version if incumbent else 0,
        candidate_sha256=export.info.model_sha256,
        incumbent_sha256=incumbent.sha256 if incumbent else "",
        slices=measure_slices(answers, dataset.split("test"), draws=draws, seed=seed),
        notes=tuple(notes),
    )


def _leak_note(dataset: Dataset) -> list[str]:
    shared = straddling_groups(dataset)
    if not shared:
        return []
    return [
        f"{shared} groups of the test split also have pictures in the training or validation "
        "split: the figures are better than new groups would give."
    ]


def _write_report(
    evaluation: Evaluation,
    export: Export,
    dataset: Dataset,
    inputs: Inputs,
    *,
    settings: EvaluateConfig,
    run: RunContext,
) -> None:
    info, candidate = evaluation.info, Candidate.read(inputs.candidate)
    predictions = evaluation.predictions()
    answers = scored(predictions, info.classes, info.positive)
    decision = candidate.decision()
    content = ReportContent(
        evaluation=info,
        exported=export.info,
        candidate=candidate.info,
        decision=decision,
        dataset=dataset.info,
        splits=count_splits(dataset),
        straddling_groups=straddling_groups(dataset),
        confusion=confusion_counts(answers),
        figures=_draw(candidate.curves(), answers, evaluation, decision),
        mistakes=worst_mistakes(predictions, dataset, limit=settings.worst_mistakes),
        mistakes_in_all=int((answers.targets != answers.predicted).sum()),
        origins=read_origins([inputs.dataset, inputs.candidate, inputs.exported]),
        run=run,
    )
    evaluation.report_path.write_text(render(content), encoding="utf-8")


def _draw(
    curves: pd.DataFrame, answers: Scored, evaluation: Evaluation, decision: Decision | None
) -> dict[str, bytes]:
    """Write the figures, and the confusion matrix as a table, to `plots/`."""
    folder = evaluation.root / "plots"
    folder.mkdir(parents=True, exist_ok=True)
    figures = draw(curves, answers, evaluation.info.classes)
    profile = layer_profile(decision) if decision else None
    if profile:
        figures["layer_profile"] = profile
    for name, png in figures.items():
        (folder / f"{name}.png").write_bytes(png)
    classes = list(evaluation.info.classes)
    table = pd.DataFrame(confusion_counts(answers), index=classes, columns=classes)
    table.to_csv(folder / "confusion.csv", index_label="truth")
    return figures
