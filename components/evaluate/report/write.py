"""Gather what the page shows, draw the plots and write both."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import SPLITS, Dataset
from components.common.artifacts.exported import Export
from components.common.artifacts.inspection import InspectionInfo
from components.common.artifacts.judging.evaluation import Evaluation, EvaluationInfo, scored
from components.common.artifacts.lineage import read_provenance
from components.common.pictures.thumbnails import thumbnail
from components.common.report.texts import load_texts
from components.common.run_context import RunContext
from components.common.statistics.figures import confusion_counts
from components.common.statistics.weighted import Integers
from components.evaluate.report.changes import compare
from components.evaluate.report.drawing import TABLES, draw
from components.evaluate.report.mistakes import show, wrong
from components.evaluate.report.render import ReportContent, render


@dataclass(frozen=True, kw_only=True)
class ReportSources:
    """What an evaluation was made from."""

    dataset: Dataset
    candidate: Candidate
    export: Export
    inspected: InspectionInfo
    run: RunContext


def write_report(evaluation: Evaluation, sources: ReportSources, *, mistakes_shown: int) -> None:
    """Write `report.html` and `plots/` of an evaluation whose record and predictions are written.

    Args:
        evaluation: what is shown.
        sources: where it comes from.
        mistakes_shown: at most so many pictures of mistakes.
    """
    info, candidate, dataset = evaluation.info, sources.candidate, sources.dataset
    classes, say = info.classes, load_texts(TABLES, info.language)
    predictions, serving = evaluation.predictions(), evaluation.incumbent_predictions()
    answers = scored(predictions, classes, info.positive)
    mistakes = wrong(predictions, classes)
    changes = compare(predictions, serving, classes) if serving is not None else None
    lost = changes.lost_pictures[:mistakes_shown] if changes else predictions[:0]
    roots = (dataset.root, candidate.root, sources.export.root)
    figures = draw(
        curves=candidate.curves(),
        scored=answers,
        classes=classes,
        decision=candidate.decision(),
        advice=info.advice,
        say=say,
    )
    _write_plots(evaluation, figures, confusion_counts(answers))
    content = ReportContent(
        evaluation=info,
        exported=sources.export.info,
        candidate=candidate.info,
        decision=candidate.decision(),
        dataset=dataset.info,
        splits=[counted for name in SPLITS if (counted := _counted(dataset, name))["pictures"]],
        straddling_groups=straddling_groups(dataset),
        confusion=confusion_counts(answers),
        figures=figures,
        mistakes=show(mistakes[:mistakes_shown], dataset, classes),
        mistakes_in_all=len(mistakes),
        asked=int(predictions["asked"].sum()) if "asked" in predictions else None,
        changes=changes,
        lost=show(lost, dataset, classes),
        heat_maps=_heat_maps(evaluation),
        inspected=sources.inspected,
        thumbnails={
            path: thumbnail(dataset.picture(path), name=path)
            for path in _exemplary(info, sources.inspected)
        },
        views_sheet=candidate.sheet.read_bytes() if candidate.sheet.is_file() else None,
        origins=[one for one in map(read_provenance, roots) if one],
        run=sources.run,
        data_sha256=sources.run.data_sha256 or _content_sha256(dataset),
    )
    evaluation.report_path.write_text(render(content, say), encoding="utf-8")


def _content_sha256(dataset: Dataset) -> str:
    """Return the digest of a data set that nothing pins, "" without a provenance."""
    origin = read_provenance(dataset.root)
    return origin.content_sha256 if origin else ""


def straddling_groups(dataset: Dataset) -> int:
    """Return how many groups have pictures in the test split and in another one."""
    others = dataset.manifest[dataset.manifest["split"].isin(SPLITS[:-1])]
    return len(set(dataset.split("test")["group"]) & set(others["group"]))


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


def _exemplary(info: EvaluationInfo, inspected: InspectionInfo) -> list[str]:
    """Return the manifest paths of what explanations, slices and doubted labels show."""
    shown = [one.path for one in info.explanations] + [one.path for one in inspected.doubted]
    shown += [path for one in info.slices if one.worse for path in one.examples]
    return sorted(set(shown))


def _heat_maps(evaluation: Evaluation) -> dict[str, bytes]:
    paths = {one.heat_map: evaluation.plots / one.heat_map for one in evaluation.info.explanations}
    return {name: path.read_bytes() for name, path in paths.items() if path.is_file()}


def _write_plots(evaluation: Evaluation, figures: dict[str, bytes], confusion: Integers) -> None:
    """Write the plots, and the confusion matrix as a table, to `plots/`."""
    folder = evaluation.plots
    folder.mkdir(parents=True, exist_ok=True)
    for name, png in figures.items():
        (folder / f"{name}.png").write_bytes(png)
    classes = list(evaluation.info.classes)
    table = pd.DataFrame(confusion, index=classes, columns=classes)
    table.to_csv(folder / "confusion.csv", index_label="truth")
