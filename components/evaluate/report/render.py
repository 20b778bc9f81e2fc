"""One HTML page that holds everything about an evaluation."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.common.artifacts.candidate import CandidateInfo
from components.common.artifacts.dataset import DatasetInfo
from components.common.artifacts.decision import Decision
from components.common.artifacts.exported import ExportInfo
from components.common.artifacts.inspection import InspectionInfo
from components.common.artifacts.judging.evaluation import EvaluationInfo
from components.common.artifacts.lineage import Provenance
from components.common.augmentation.plausibility import MOST_OUTSIDE
from components.common.report import page
from components.common.report.plot_style import width_in
from components.common.report.texts import Texts
from components.common.run_context import RunContext
from components.common.statistics.weighted import Integers
from components.evaluate.figures.tasks import REPORTED
from components.evaluate.report import rows
from components.evaluate.report.canvas import halves
from components.evaluate.report.changes import Changes
from components.evaluate.report.drawing import plot_names
from components.evaluate.report.heat_map import row_shares
from components.evaluate.report.mistakes import ShownPicture
from components.evaluate.report.plots import WORST_CURVES
from components.evaluate.report.wording import Wording, percent

TEMPLATE = Path(__file__).with_name("template.html")
_WIDE_PX = 1150  # a wider plot scrolls, so that its letters stay legible
_LEGIBLE_PX_PER_IN = 104


@dataclass(frozen=True, kw_only=True)
class ReportContent:
    """All that the page shows.

    views_sheet: originals beside the views that training saw, None without any.
    heat_maps, thumbnails: encoded pictures, by their names below `plots/` and by manifest paths.
    data_sha256: digest of the pictures and labels, "" where it is not known.
    asked: pictures for which the model asks a person; None where it never does.
    """

    evaluation: EvaluationInfo
    exported: ExportInfo
    candidate: CandidateInfo
    decision: Decision | None
    dataset: DatasetInfo
    splits: list[dict[str, Any]]
    straddling_groups: int
    confusion: Integers
    figures: dict[str, bytes]
    mistakes: list[ShownPicture]
    mistakes_in_all: int
    asked: int | None
    changes: Changes | None
    lost: list[ShownPicture]
    heat_maps: dict[str, bytes]
    inspected: InspectionInfo
    thumbnails: dict[str, bytes]
    views_sheet: bytes | None
    origins: list[Provenance]
    run: RunContext
    data_sha256: str = ""


def render(content: ReportContent, say: Texts) -> str:
    """Return the page as HTML text."""
    info, wording = content.evaluation, Wording(say)
    return page.render(
        TEMPLATE,
        language=say.language,
        say=say,
        wording=wording,
        percent=percent,
        content=content,
        info=info,
        halves=_panels(content),
        figure_rows=rows.figure_rows(info, wording),
        change_rows=rows.change_rows(info, wording),
        classes=[(one, rows.cells(one.metrics, rows.OF_A_CLASS, wording))
                 for one in rows.classes_by_need(info)],
        class_labels=[wording.label(name) for name in rows.OF_A_CLASS],
        slices=[(one, rows.cells(one.metrics, rows.OF_A_SLICE, wording))
                for one in rows.slices_by_need(info)],
        slice_labels=[wording.label(name) for name in rows.OF_A_SLICE],
        tasks=[(one, rows.cells(one.metrics, REPORTED, wording),
                rows.cells(one.incumbent_metrics, REPORTED, wording))
               for one in info.task_figures],
        task_labels=[wording.label(name) for name in REPORTED],
        pairs=rows.worst_pairs(content.confusion, info.classes),
        robustness=rows.robustness_rows(info.robustness, wording),
        severities=sorted({one.severity for one in info.robustness}),
        shares=row_shares(content.confusion),
        worst_curves=WORST_CURVES,
        natural_px={name: round(width_in(png) * _LEGIBLE_PX_PER_IN)
                    for name, png in content.figures.items()},
        wide_px=_WIDE_PX,
        most_outside=MOST_OUTSIDE,
        numbered=", ".join(f"{shown} {name}" for name, shown in plot_names(info.classes).items()
                           if name != shown),
        origins=[(one, _settings(one)) for one in content.origins],
    )  # fmt: skip


def _panels(content: ReportContent) -> dict[str, tuple[bytes, bytes]]:
    """Return the two panels of each plot that has two: a phone shows one below the other."""
    advice = content.evaluation.advice
    both = advice is not None and len({bool(point.name) for point in advice.curve}) == 2
    names = {"learning_curves", "discrimination", "reliability", *(["advice"] if both else [])}
    return {name: halves(content.figures[name]) for name in names & content.figures.keys()}


def _settings(origin: Provenance) -> list[tuple[str, str]]:
    return [(name, json.dumps(value)) for name, value in sorted(json.loads(origin.config).items())]
