"""The evaluate step: the exported model on the test split, figures, plots, report."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import SPLITS, Dataset
from components.common.artifacts.decision import Decision
from components.common.artifacts.evaluation import Evaluation, EvaluationInfo, Metric, scored
from components.common.artifacts.exported import Export
from components.common.artifacts.lineage import read_provenance
from components.common.artifacts.model_folder import newest_version
from components.common.run_context import RunContext
from components.common.statistics.figures import Scored, confusion_counts
from components.common.step import Shown, Step
from components.evaluate.config import EvaluateConfig
from components.evaluate.figures.parts import parts
from components.evaluate.figures.per_class import per_class
from components.evaluate.figures.slices import measure_slices
from components.evaluate.incumbent import Incumbent, score_incumbent
from components.evaluate.intervals import measure
from components.evaluate.mistakes import worst_mistakes
from components.evaluate.plots import draw
from components.evaluate.predictions import score
from components.evaluate.report import ReportContent, render


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
    _write_report(evaluation, export, dataset, inputs, settings=settings, context=context)


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
    draws, seed = settings.bootstrap_draws, settings.seed
    groups = predictions["group"].astype(str).tolist()
    answers = scored(predictions, classes, positive)
    metrics, notes = measure(answers, groups, draws=draws, seed=seed)
    notes += _leak_note(dataset)
    serving: tuple[Metric, ...] = ()
    if incumbent and incumbent.predictions is not None:
        theirs = scored(incumbent.predictions, classes, positive)
        serving, _ = measure(theirs, groups, draws=draws, seed=seed)
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
        candidate_sha256=export.info.model_sha256,
        incumbent_sha256=incumbent.sha256 if incumbent else "",
        per_class=per_class(answers, classes, groups),
        slices=measure_slices(
            answers,
            parts(_rows(predictions, dataset), pd.DataFrame(), None, seed=seed),
            groups,
            predictions["path"].tolist(),
        ),
        notes=tuple(notes),
    )


def _rows(predictions: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Return the manifest rows of the pictures that were judged, in their order."""
    by_path = dataset.manifest.set_index("path", drop=False)
    return by_path.loc[predictions["path"]].reset_index(drop=True)


def _straddling_groups(dataset: Dataset) -> int:
    """Return how many groups have pictures in the test split and in another one."""
    others = dataset.manifest[dataset.manifest["split"].isin(SPLITS[:-1])]
    return len(set(dataset.split("test")["group"]) & set(others["group"]))


def _leak_note(dataset: Dataset) -> list[str]:
    shared = _straddling_groups(dataset)
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
    inputs: EvaluateInputs,
    *,
    settings: EvaluateConfig,
    context: RunContext,
) -> None:
    info, candidate = evaluation.info, Candidate.read(inputs.candidate)
    predictions = evaluation.predictions()
    answers = scored(predictions, info.classes, info.positive)
    decision = candidate.decision()
    roots = (inputs.dataset, inputs.candidate, inputs.exported)
    content = ReportContent(
        evaluation=info,
        exported=export.info,
        candidate=candidate.info,
        decision=decision,
        dataset=dataset.info,
        splits=[_counted(dataset, name) for name in SPLITS],
        straddling_groups=_straddling_groups(dataset),
        confusion=confusion_counts(answers),
        figures=_draw(candidate.curves(), answers, evaluation, decision),
        mistakes=worst_mistakes(predictions, dataset, limit=settings.worst_mistakes),
        mistakes_in_all=int((answers.targets != answers.predicted).sum()),
        origins=[one for one in map(read_provenance, roots) if one],
        run=context,
    )
    evaluation.report_path.write_text(render(content), encoding="utf-8")


def _counted(dataset: Dataset, split: str) -> dict[str, Any]:
    """Return a split's pictures by class, in class order, all its pictures and its groups."""
    rows = dataset.split(split)
    labels = rows["label"].value_counts()
    return {
        "split": split,
        "by_class": [int(labels.get(label, 0)) for label in dataset.info.classes],
        "pictures": len(rows),
        "groups": int(rows["group"].nunique()),
    }


def _draw(
    curves: pd.DataFrame, answers: Scored, evaluation: Evaluation, decision: Decision | None
) -> dict[str, bytes]:
    """Write the figures, and the confusion matrix as a table, to `plots/`."""
    folder = evaluation.plots
    folder.mkdir(parents=True, exist_ok=True)
    figures = draw(curves, answers, evaluation.info.classes, decision)
    for name, png in figures.items():
        (folder / f"{name}.png").write_bytes(png)
    classes = list(evaluation.info.classes)
    table = pd.DataFrame(confusion_counts(answers), index=classes, columns=classes)
    table.to_csv(folder / "confusion.csv", index_label="truth")
    return figures


STEP = Step("evaluate", run, show=show)
