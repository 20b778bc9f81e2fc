"""The evaluate step: what the model answers about pictures it has not seen, and a report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import FIXED_TEST, Dataset
from components.common.artifacts.exported import Export
from components.common.artifacts.inspection import Inspection, InspectionInfo
from components.common.artifacts.judging.evaluation import (
    BEST,
    Evaluation,
    EvaluationInfo,
    HeldOut,
    scored,
)
from components.common.artifacts.judging.figures import Metric
from components.common.artifacts.model_folder import ModelVersion, newest_version
from components.common.artifacts.passport import best_so_far
from components.common.artifacts.records import tree_sha256
from components.common.report.shown import Shown
from components.common.run_context import RunContext
from components.common.step import Step
from components.evaluate.behaviour.asked import ExportedModel
from components.evaluate.config import EvaluateConfig
from components.evaluate.evidence import gather, refitted
from components.evaluate.figures.parts import EvidencePart, parts
from components.evaluate.figures.per_class import per_class
from components.evaluate.figures.slices import measure_slices
from components.evaluate.figures.tasks import measure_tasks
from components.evaluate.held_out import ask_held_out, seen_by_network
from components.evaluate.incumbent import Incumbent, score_incumbent
from components.evaluate.inside import InsideInfo, Subject, look_inside
from components.evaluate.intervals import measure
from components.evaluate.promise import promise_notes
from components.evaluate.report.dashboard import shown
from components.evaluate.report.write import ReportSources, straddling_groups, write_report
from components.evaluate.seen import Unseen, without_seen
from components.evaluate.serving_key import serving_key
from components.evaluate.unproven import unproven_notes, with_classes

# Facts that make parts, as a reader calls them.
_FACTS = {
    "brightness": "brightness",
    "contrast": "contrast",
    "blur": "sharpness",
    "shorter_side_px": "size",
}


@dataclass(frozen=True, kw_only=True)
class EvaluateInputs:
    """The artifacts that are read: Export, Candidate, validated Dataset, and its Inspection.

    inspection: None where nobody looked.
    """

    exported: Path
    candidate: Path
    dataset: Path
    inspection: Path | None = None


@dataclass(frozen=True, kw_only=True)
class EvaluateOutputs:
    """The Evaluation: figures, predictions, `plots/`, `report.html`."""

    evaluation: Path


def run(
    settings: EvaluateConfig, inputs: EvaluateInputs, outputs: EvaluateOutputs, context: RunContext
) -> None:
    """Judge an exported model, and the version that serves now, by pictures neither has seen.

    Raises:
        DataError, ExportError: as `ask_held_out` and `evidence.gather`.
    """
    export, candidate = Export.read(inputs.exported), Candidate.read(inputs.candidate)
    everything = with_classes(Dataset.read(inputs.dataset), export.info.classes)
    unseen = without_seen(everything, inputs.candidate, settings)
    dataset = unseen.dataset
    asked = ExportedModel(
        export.saved_model, export.info.classes, export.info.image_size_px, settings.batch_size
    )
    held_out = ask_held_out(asked, export, everything, settings, context)
    predictions = gather(export, candidate, dataset, held_out=held_out.answers)
    if dataset.info.evidence == "cross_validation":
        held_out = HeldOut(predictions, held_out.features)
    serving = _serving(settings)
    ask = partial(
        score_incumbent,
        dataset=dataset,
        candidate_sha256=export.info.model_sha256,
        predictions=predictions,
        refits=refitted(export, candidate, dataset),
        tasks=export.info.tasks,
        batch_size=settings.batch_size,
    )
    incumbent = _incumbent(ask, serving, unseen)
    best = _best(ask, serving)
    subject = Subject(
        asked=asked,
        export=export,
        candidate=candidate,
        dataset=dataset,
        predictions=predictions,
    )
    inside = look_inside(subject, settings, context, plots=outputs.evaluation / "plots")
    found = parts(
        _rows(predictions, dataset),
        dataset.info.columns,
        _facts(predictions, dataset),
        seen_by_network(predictions, held_out, candidate),
        seed=settings.seed,
    )
    info = _figures(predictions, incumbent, best, export, unseen, inside, found, settings)
    inspected = Inspection.read(inputs.inspection).info if inputs.inspection else InspectionInfo()
    info = replace(
        info,
        metrics=(*info.metrics, *candidate.info.figures),
        hidden_groups=inspected.hidden_groups,
        unproven=candidate.info.unproven,
        notes=(*inspected.notes, *info.notes, *unproven_notes(candidate.info.unproven)),
    )
    evaluation = Evaluation(outputs.evaluation, info)
    evaluation.write(
        predictions,
        incumbent.predictions if incumbent else None,
        best.predictions if best else None,
        held_out,
    )
    sources = ReportSources(
        dataset=dataset, candidate=candidate, export=export, inspected=inspected, run=context
    )
    write_report(evaluation, sources, mistakes_shown=settings.worst_mistakes)


def was_compared(outputs: EvaluateOutputs) -> bool:
    """Return whether each version could be scored: what failed once may succeed later."""
    evaluation = Evaluation.read(outputs.evaluation)
    info = evaluation.info
    serving = not info.incumbent_version or info.incumbent_sha256
    best = not info.best_version or evaluation.best_predictions() is not None
    return bool(serving and best)


def show(outputs: EvaluateOutputs) -> Shown:
    """Return figures, confusions and report."""
    return shown(Evaluation.read(outputs.evaluation))


def _serving(settings: EvaluateConfig) -> ModelVersion | None:
    if not settings.model_base_path:
        return None
    return newest_version(Path(settings.model_base_path) / settings.model_name)


def _incumbent(
    ask: Callable[..., Incumbent], serving: ModelVersion | None, unseen: Unseen
) -> Incumbent | None:
    if serving is None:
        return None
    if unseen.seen_by_incumbent:
        return Incumbent(serving.number, tree_sha256(serving.path), None)
    return ask(serving)


def _best(ask: Callable[..., Incumbent], serving: ModelVersion | None) -> Incumbent | None:
    """Return the best version so far; None where that is the one that serves."""
    best = best_so_far(serving) if serving else None
    return None if best is None or best == serving else ask(best, role=BEST)


def _figures(
    predictions: pd.DataFrame,
    incumbent: Incumbent | None,
    best: Incumbent | None,
    export: Export,
    unseen: Unseen,
    inside: InsideInfo,
    found: Sequence[EvidencePart],
    settings: EvaluateConfig,
) -> EvaluationInfo:
    dataset = unseen.dataset
    classes, positive = export.info.classes, export.info.positive
    groups = predictions["group"].astype(str).tolist()
    answers = scored(predictions, classes, positive)
    metrics, notes = measure(answers, groups)
    notes += [*_leak_note(dataset), *unseen.notes, *promise_notes(export.info.promise)]
    notes += [found.text for found in dataset.info.findings if found.rule == FIXED_TEST]
    serving: tuple[Metric, ...] = ()
    if incumbent and incumbent.predictions is not None:
        theirs = scored(incumbent.predictions, classes, positive)
        serving, _ = measure(theirs, incumbent.predictions["group"].astype(str).tolist())
    notes += [one.note for one in (incumbent, best) if one and one.note]
    return EvaluationInfo(
        classes=classes,
        positive=positive,
        pictures=len(predictions),
        groups=len(set(groups)),
        metrics=metrics,
        incumbent_metrics=serving,
        incumbent_version=incumbent.version if incumbent else 0,
        best_version=best.version if best else 0,
        evidence=dataset.info.evidence,
        candidate_sha256=export.info.model_sha256,
        incumbent_sha256=incumbent.sha256 if incumbent else "",
        per_class=per_class(answers, classes, groups),
        slices=measure_slices(answers, found, groups, predictions["path"].tolist()),
        unseen=unseen.unseen,
        seen_by_start=unseen.seen_by_start,
        seen_by_incumbent=unseen.seen_by_incumbent,
        robustness=inside.robustness,
        costs=inside.costs,
        explanations=inside.explanations,
        deletion_test=inside.deletion_test,
        advice=inside.advice,
        litert=inside.litert,
        tasks=export.info.tasks,
        task_figures=measure_tasks(
            export.info.tasks, predictions, incumbent.predictions if incumbent else None
        ),
        notes=(*notes, *inside.notes),
        language=settings.language,
    )


def _rows(predictions: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Return the manifest rows of the pictures that were judged, in their order."""
    by_path = dataset.manifest.set_index("path", drop=False)
    return by_path.loc[predictions["path"]].reset_index(drop=True)


def _facts(predictions: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Return what validate measured on the pictures that were judged, by a reader's names."""
    facts = dataset.facts().reindex(predictions["path"]).reset_index(drop=True)
    return facts[[name for name in _FACTS if name in facts]].rename(columns=_FACTS)


def _leak_note(dataset: Dataset) -> list[str]:
    shared = straddling_groups(dataset)
    if not shared:
        return []
    return [
        f"{shared} groups of the test split also have pictures in the training or validation "
        "split: the figures are better than new groups would give."
    ]


STEP = Step(
    "evaluate",
    run,
    reuse=True,
    content_key=lambda settings, _inputs, _context: serving_key(settings),
    keep=was_compared,
    show=show,
    announced=True,
)
