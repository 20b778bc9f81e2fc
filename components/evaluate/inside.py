"""What takes answers of its own: faulty pictures, maps, times, the label advisor. Kept by content.

Evaluate runs in every run, since what serves may be another version each time. None of this depends
on that, so an unchanged model's is taken from the cache.
"""

import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common import config, step_cache
from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.evaluation import (
    Advice,
    Corrupted,
    Costs,
    DeletionTest,
    Explained,
)
from components.common.artifacts.exported import Export
from components.common.artifacts.lineage import Provenance, content_sha256
from components.common.artifacts.records import (
    PROVENANCE,
    link_tree,
    read_record,
    tree_sha256,
    write_record,
)
from components.common.errors import ExportError
from components.common.pictures.decode import to_servable
from components.common.run_context import RunContext
from components.common.saved_model import embed, load
from components.evaluate.advisor.advise import advise
from components.evaluate.behaviour.asked import ExportedModel, drawn
from components.evaluate.behaviour.costs import measure_costs
from components.evaluate.behaviour.explanations import Explanations, explain
from components.evaluate.behaviour.robustness import measure_robustness
from components.evaluate.config import EvaluateConfig

LOG = logging.getLogger(__name__)

_CACHED_AS = "evaluate-inside"
_RECORD, _EMBEDDINGS, _PLOTS = "inside.json", "embeddings.npy", "plots"
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
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inside:
    """What was found, and the embeddings of the evidence, float32 [N, D]; None without any."""

    info: InsideInfo
    embeddings: npt.NDArray[np.float32] | None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is looked into: a model, where it comes from, and the evidence (PREDICTION_COLUMNS)."""

    export: Export
    candidate: Candidate
    dataset: Dataset
    predictions: pd.DataFrame


def look_inside(
    subject: Subject, settings: EvaluateConfig, context: RunContext, *, plots: Path
) -> Inside:
    """Return what the model does with changed pictures, where it looks, and what would help it.

    Args:
        subject: the model and its evidence.
        settings: how many pictures are taken.
        context: where the cache is.
        plots: the evaluation's folder of plots, which gets the heat maps.
    """
    chosen = json.dumps([getattr(settings, name) for name in _SETTINGS])
    key = step_cache.key("evaluate", chosen, _inputs(subject), _asked(subject))
    with _folder(context) as folder:
        kept = bool(context.cache_dir) and step_cache.fetch(
            context.cache_dir, _CACHED_AS, key, {_CACHED_AS: folder}
        )
        if not kept:
            _look(subject, settings, folder)
            _stamp(folder, context, settings)
            if context.cache_dir:
                step_cache.store(context.cache_dir, _CACHED_AS, key, {_CACHED_AS: folder})
        link_tree(folder / _PLOTS, plots)
        embeddings = folder / _EMBEDDINGS
        return Inside(
            read_record(folder / _RECORD, InsideInfo),
            np.load(embeddings) if embeddings.exists() else None,
        )


def _look(subject: Subject, settings: EvaluateConfig, folder: Path) -> None:
    export, dataset, predictions = subject.export, subject.dataset, subject.predictions
    model, seed = load(export.saved_model), settings.seed
    asked = ExportedModel(
        model, export.info.classes, export.info.image_size_px, settings.batch_size
    )
    faulty, explained = _samples(predictions, settings)
    plots = folder / _PLOTS
    plots.mkdir(parents=True)
    robustness: tuple[Corrupted, ...] = ()
    if len(faulty):
        robustness = measure_robustness(asked, dataset, faulty, seed=seed, whole=settings.full)
    explanations = Explanations((), None)
    if len(explained):
        explanations = explain(asked, dataset, explained, plots=plots, seed=seed)
    timed = [to_servable(dataset.picture(path), name=path) for path in predictions["path"][:_TIMED]]
    embeddings = _embeddings(subject, model, settings)
    if embeddings is not None:
        np.save(folder / _EMBEDDINGS, embeddings)
    advice, notes = _advice(subject, settings)
    info = InsideInfo(
        robustness=robustness,
        costs=measure_costs(
            asked,
            timed,
            saved_model=export.saved_model,
            network=subject.candidate.model_path,
        ),
        explanations=explanations.pictures,
        deletion_test=explanations.test,
        advice=advice,
        notes=tuple(notes),
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


def _embeddings(
    subject: Subject, model: Any, settings: EvaluateConfig
) -> npt.NDArray[np.float32] | None:
    """Return the evidence as the network sees it; as the pretrained one does where it is kept."""
    paths = subject.predictions["path"].tolist()
    kept = subject.candidate.embeddings()
    if kept is not None and set(paths) <= set(kept[0]):
        place = {path: row for row, path in enumerate(kept[0])}
        return kept[1][[place[path] for path in paths]]
    try:
        found = embed(
            subject.export.saved_model,
            paths,
            subject.dataset.picture,
            batch_size=settings.batch_size,
            activity="looking for look-alikes",
            model=model,
        )
    except ExportError as error:
        LOG.warning("no clusters of look-alikes: %s", error)
        return None
    return found if np.isfinite(found).all() else None


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


def _inputs(subject: Subject) -> dict[str, str]:
    roots = (subject.export.root, subject.candidate.root, subject.dataset.root)
    return {str(number): content_sha256(root) for number, root in enumerate(roots)}


def _asked(subject: Subject) -> str:
    """Return the digest of the evidence: which pictures there are hangs on what serves now."""
    table = subject.predictions[["path", "target", "predicted"]]
    return hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()


@contextmanager
def _folder(context: RunContext) -> Iterator[Path]:
    """Yield a folder to fill, on the volume of the cache so that it can be linked there."""
    place = context.cache_dir or None
    if place:
        Path(place).mkdir(parents=True, exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix=".looking-", dir=place))
    try:
        yield root / _CACHED_AS
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _stamp(folder: Path, context: RunContext, settings: EvaluateConfig) -> None:
    """Give the folder the provenance by which the cache tells whole entries from damaged ones."""
    provenance = Provenance(
        step="evaluate",
        name=_CACHED_AS,
        run_id=context.run_id,
        commit=context.commit,
        data_sha256=context.data_sha256,
        config=config.to_json(settings),
        inputs={},
        content_sha256=tree_sha256(folder),
    )
    write_record(folder / PROVENANCE, provenance)
