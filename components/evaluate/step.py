"""The evaluate step: the exported model on the test split, figures, plots, report."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import FIXED_TEST, Dataset
from components.common.artifacts.evaluation import Evaluation, EvaluationInfo, Metric, scored
from components.common.artifacts.exported import Export
from components.common.artifacts.model_folder import newest_version
from components.common.run_context import RunContext
from components.common.step import Shown, Step
from components.evaluate.config import EvaluateConfig
from components.evaluate.figures.parts import parts
from components.evaluate.figures.per_class import per_class
from components.evaluate.figures.slices import measure_slices
from components.evaluate.incumbent import Incumbent, below_best, score_incumbent
from components.evaluate.intervals import measure
from components.evaluate.predictions import score
from components.evaluate.report.write import ReportSources, straddling_groups, write_report


@dataclass(frozen=True, kw_only=True)
class EvaluateInputs:
    """The artifacts that are read: Export, Candidate and validated Dataset."""

    exported: Path
    candidate: Path
    dataset: Path


@dataclass(frozen=True, kw_only=True)
class EvaluateOutputs:
    """The Evaluation: figures, predictions, `plots/`, `report.html`."""

    evaluation: Path


def run(
    settings: EvaluateConfig, inputs: EvaluateInputs, outputs: EvaluateOutputs, context: RunContext
) -> None:
    """Judge an exported model, and the version that serves now, on the test split.

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
    incumbent = _incumbent(export, predictions, dataset, settings)
    info = _figures(predictions, incumbent, export, dataset, settings)
    evaluation = Evaluation(outputs.evaluation, info)
    evaluation.write(predictions, incumbent.predictions if incumbent else None)
    sources = ReportSources(
        dataset=dataset, candidate=Candidate.read(inputs.candidate), export=export, run=context
    )
    write_report(evaluation, sources, mistakes_shown=settings.worst_mistakes)


def show(outputs: EvaluateOutputs) -> Shown:
    """Return the report and each metric, with its interval as `<name>_low` and `<name>_high`."""
    evaluation = Evaluation.read(outputs.evaluation)
    figures = {}
    for metric in evaluation.info.metrics:
        figures[metric.name] = metric.value
        figures[f"{metric.name}_low"] = metric.low
        figures[f"{metric.name}_high"] = metric.high
    return Shown(figures=figures, page=evaluation.report_path)


def _incumbent(
    export: Export, predictions: pd.DataFrame, dataset: Dataset, settings: EvaluateConfig
) -> Incumbent | None:
    if not settings.model_base_path:
        return None
    version = newest_version(Path(settings.model_base_path) / settings.model_name)
    if version is None:
        return None
    return score_incumbent(
        version,
        dataset,
        candidate_sha256=export.info.model_sha256,
        predictions=predictions,
        batch_size=settings.batch_size,
    )


def _figures(
    predictions: pd.DataFrame,
    incumbent: Incumbent | None,
    export: Export,
    dataset: Dataset,
    settings: EvaluateConfig,
) -> EvaluationInfo:
    classes, positive = export.info.classes, export.info.positive
    groups = predictions["group"].astype(str).tolist()
    answers = scored(predictions, classes, positive)
    metrics, notes = measure(answers, groups)
    notes += _leak_note(dataset)
    notes += [found.text for found in dataset.info.findings if found.rule == FIXED_TEST]
    serving: tuple[Metric, ...] = ()
    if incumbent and incumbent.predictions is not None:
        theirs = scored(incumbent.predictions, classes, positive)
        serving, _ = measure(theirs, groups)
    if incumbent and incumbent.note:
        notes.append(incumbent.note)
    return EvaluationInfo(
        classes=classes,
        positive=positive,
        pictures=len(predictions),
        groups=len(set(groups)),
        metrics=metrics,
        incumbent_metrics=serving,
        incumbent_version=incumbent.version if incumbent else 0,
        incumbent_below_best=_below_best(incumbent, settings),
        candidate_sha256=export.info.model_sha256,
        incumbent_sha256=incumbent.sha256 if incumbent else "",
        per_class=per_class(answers, classes, groups),
        slices=measure_slices(
            answers,
            parts(_rows(predictions, dataset), pd.DataFrame(), None, seed=settings.seed),
            groups,
            predictions["path"].tolist(),
        ),
        notes=tuple(notes),
        language=settings.language,
    )


def _below_best(incumbent: Incumbent | None, settings: EvaluateConfig) -> float:
    if incumbent is None:
        return 0.0
    return below_best(Path(settings.model_base_path) / settings.model_name, incumbent.version)


def _rows(predictions: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Return the manifest rows of the pictures that were judged, in their order."""
    by_path = dataset.manifest.set_index("path", drop=False)
    return by_path.loc[predictions["path"]].reset_index(drop=True)


def _leak_note(dataset: Dataset) -> list[str]:
    shared = straddling_groups(dataset)
    if not shared:
        return []
    return [
        f"{shared} groups of the test split also have pictures in the training or validation "
        "split: the figures are better than new groups would give."
    ]


STEP = Step("evaluate", run, show=show)
