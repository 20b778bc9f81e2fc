"""Gather what the page shows, draw the plots and write both."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import SPLITS, Dataset
from components.common.artifacts.decision import Decision
from components.common.artifacts.evaluation import Evaluation, scored
from components.common.artifacts.exported import Export
from components.common.artifacts.lineage import read_provenance
from components.common.run_context import RunContext
from components.common.statistics.figures import Scored, confusion_counts
from components.evaluate.report.mistakes import worst_mistakes
from components.evaluate.report.plots import draw
from components.evaluate.report.render import ReportContent, render


@dataclass(frozen=True, kw_only=True)
class ReportSources:
    """What an evaluation was made from."""

    dataset: Dataset
    candidate: Candidate
    export: Export
    run: RunContext


def write_report(evaluation: Evaluation, sources: ReportSources, *, mistakes_shown: int) -> None:
    """Write `report.html` and `plots/` of an evaluation whose record and predictions are written.

    Args:
        evaluation: what is shown.
        sources: where it comes from.
        mistakes_shown: at most so many pictures of mistakes.
    """
    info, candidate, dataset = evaluation.info, sources.candidate, sources.dataset
    predictions = evaluation.predictions()
    answers = scored(predictions, info.classes, info.positive)
    decision = candidate.decision()
    roots = (dataset.root, candidate.root, sources.export.root)
    content = ReportContent(
        evaluation=info,
        exported=sources.export.info,
        candidate=candidate.info,
        decision=decision,
        dataset=dataset.info,
        splits=[_counted(dataset, name) for name in SPLITS],
        straddling_groups=straddling_groups(dataset),
        confusion=confusion_counts(answers),
        figures=_draw(candidate.curves(), answers, evaluation, decision),
        mistakes=worst_mistakes(predictions, dataset, limit=mistakes_shown),
        mistakes_in_all=int((answers.targets != answers.predicted).sum()),
        origins=[one for one in map(read_provenance, roots) if one],
        run=sources.run,
    )
    evaluation.report_path.write_text(render(content), encoding="utf-8")


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
