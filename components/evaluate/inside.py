"""What takes answers of its own: faulty pictures, maps, times, the label advisor. Kept by content.

None of this depends on what serves, so an unchanged model's is taken from the cache.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.exported import Export
from components.common.artifacts.judging.figures import (
    Advice,
    Corrupted,
    Costs,
    DeletionTest,
    Explained,
    LitertFigures,
)
from components.common.artifacts.records import link_tree, read_record, write_record
from components.common.pictures.decode import to_servable
from components.common.run_context import RunContext
from components.evaluate.advisor.advise import advise
from components.evaluate.behaviour.asked import ExportedModel, drawn
from components.evaluate.behaviour.costs import measure_costs
from components.evaluate.behaviour.explanations import Explanations, explain
from components.evaluate.behaviour.robustness import measure_robustness
from components.evaluate.behaviour.small_devices import litert_note, measure_litert
from components.evaluate.config import EvaluateConfig
from components.evaluate.kept import kept

_CACHED_AS = "evaluate-inside"
_RECORD, _PLOTS = "inside.json", "plots"
_SETTINGS = ("seed", "batch_size", "faulty_pictures", "explained_pictures", "full")
_FULL_TIMES = 8  # as many maps as in a run
_TIMED = 32  # pictures that a call is timed with


@dataclass(frozen=True, kw_only=True)
class InsideInfo:
    """As in EvaluationInfo."""

    robustness: tuple[Corrupted, ...] = ()
    costs: Costs | None = None
    explanations: tuple[Explained, ...] = ()
    deletion_test: DeletionTest | None = None
    advice: Advice | None = None
    litert: tuple[LitertFigures, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is looked into: a model, where it comes from, and the evidence (PREDICTION_COLUMNS)."""

    asked: ExportedModel
    export: Export
    candidate: Candidate
    dataset: Dataset
    predictions: pd.DataFrame


def look_inside(
    subject: Subject, settings: EvaluateConfig, context: RunContext, *, plots: Path
) -> InsideInfo:
    """Return what the model does with changed pictures, where it looks, and what would help it.

    Args:
        subject: the model and its evidence.
        settings: how many pictures are taken.
        context: where the cache is.
        plots: the evaluation's folder of plots, which gets the heat maps.
    """
    chosen = json.dumps([getattr(settings, name) for name in _SETTINGS])
    roots = (subject.export.root, subject.candidate.root, subject.dataset.root)
    with kept(_CACHED_AS, chosen, _asked(subject), roots, settings, context) as found:
        if not found.complete:
            _look(subject, settings, found.folder)
        link_tree(found.folder / _PLOTS, plots)
        return read_record(found.folder / _RECORD, InsideInfo)


def _look(subject: Subject, settings: EvaluateConfig, folder: Path) -> None:
    asked, dataset, predictions = subject.asked, subject.dataset, subject.predictions
    faulty, explained = _samples(predictions, settings)
    plots = folder / _PLOTS
    plots.mkdir(parents=True)
    seed = settings.seed
    robustness: tuple[Corrupted, ...] = ()
    if len(faulty):
        robustness = measure_robustness(asked, dataset, faulty, seed=seed, whole=settings.full)
    explanations = Explanations((), None)
    if len(explained):
        explanations = explain(asked, dataset, explained, plots=plots, seed=seed)
    timed = [to_servable(dataset.picture(path), name=path) for path in predictions["path"][:_TIMED]]
    advice, notes = _advice(subject, settings)
    positive = subject.export.info.positive
    litert = measure_litert(asked, dataset, predictions, positive=positive, seed=seed)
    info = InsideInfo(
        robustness=robustness,
        costs=measure_costs(
            asked,
            timed,
            saved_model=subject.export.saved_model,
            network=subject.candidate.model_path,
        ),
        explanations=explanations.pictures,
        deletion_test=explanations.test,
        advice=advice,
        litert=litert,
        notes=(*notes, *map(litert_note, litert)),
    )
    write_record(folder / _RECORD, info)


def _samples(
    predictions: pd.DataFrame, settings: EvaluateConfig
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows to put faults on, and those to explain: mistakes and some of each class."""
    everything = len(predictions)
    faulty = drawn(
        predictions,
        everything if settings.full else settings.faulty_pictures,
        seed=settings.seed,
        purpose="robustness",
    )
    count = settings.explained_pictures * (_FULL_TIMES if settings.full else 1)
    wrong = predictions[predictions["target"] != predictions["predicted"]]
    mistakes = drawn(wrong, count // 2, seed=settings.seed, purpose="mistakes")
    others = predictions[~predictions["path"].isin(mistakes["path"])]
    rest = drawn(others, count - len(mistakes), seed=settings.seed, purpose="explained")
    return faulty, pd.concat([mistakes, rest], ignore_index=True)


def _advice(subject: Subject, settings: EvaluateConfig) -> tuple[Advice | None, list[str]]:
    kept = subject.candidate.embeddings()
    if kept is None:
        return None, [
            "What more pictures would bring is not estimated after a warm start, or by a method "
            "that does not begin with a solved head: no features are kept of a network that has "
            "not seen the pictures."
        ]
    paths, features = kept
    rows = subject.dataset.manifest.set_index("path").reindex(paths)
    known = rows["label"].notna().to_numpy()
    if not known.all():
        rows, features = rows[known], features[known]
    found = advise(
        features,
        subject.dataset.targets(rows),
        rows["group"].to_numpy(dtype=np.str_),
        classes=subject.dataset.info.classes,
        seed=settings.seed,
    )
    if found is None:
        return None, [
            "What more pictures would bring cannot be estimated: a class is in one group only."
        ]
    return found, []


def _asked(subject: Subject) -> str:
    """Return the digest of the evidence: which pictures there are hangs on what serves now."""
    table = subject.predictions[["path", "target", "predicted"]]
    return hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()
