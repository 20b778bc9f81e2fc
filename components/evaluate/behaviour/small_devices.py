"""The LiteRT files beside an exported model, asked about the same pictures as the model itself."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.judging.figures import LitertFigures
from components.common.models.litert import LitertModel, litert_files
from components.common.models.saved_model import Answers
from components.common.pictures.decode import Pixels, decode
from components.common.statistics.figures import Scored
from components.common.statistics.intervals import estimates
from components.evaluate.behaviour.asked import ExportedModel, drawn
from components.evaluate.behaviour.robustness import measure_robustness

_PICTURES = 600
_REPORTED = ("accuracy", "roc_auc")
_TIMED_CALLS = 20


@dataclass(frozen=True)
class _LitertAsked(ExportedModel):
    """A file in the place of the exported model; `saved_model` is its path."""

    @cached_property
    def model(self) -> LitertModel:
        """The file, loaded, on one thread."""
        return LitertModel(self.saved_model)

    def answer(self, pictures: Sequence[bytes], *, rows: int = 0) -> Answers:  # noqa: ARG002
        """Answer one batch, a picture a call: nothing is filled up."""
        return self.model.answer(pictures)


def measure_litert(
    asked: ExportedModel, dataset: Dataset, predictions: pd.DataFrame, *, positive: str, seed: int
) -> tuple[LitertFigures, ...]:
    """Return what each file answers, beside what the model answers about the same pictures.

    Args:
        asked: the exported model.
        dataset: holds the pictures.
        predictions: PREDICTION_COLUMNS of the evidence, of which a sample is asked about. Under
            cross-validation model and files have both been fitted on it: their difference counts.
        positive: the positive class, "" for none.
        seed: of the sample.
    """
    files = litert_files(asked.saved_model)
    if not files:
        return ()
    rows = drawn(predictions, _PICTURES, seed=seed, purpose="litert")
    whole = _scored(asked, dataset, rows, positive=positive, activity="asking the exported model")
    return tuple(
        _figures(path, asked, whole, dataset, rows, positive=positive, seed=seed) for path in files
    )


def _figures(
    path: Path,
    asked: ExportedModel,
    whole: Scored,
    dataset: Dataset,
    rows: pd.DataFrame,
    *,
    positive: str,
    seed: int,
) -> LitertFigures:
    file = _LitertAsked(path, asked.classes, asked.image_size_px, asked.batch_size)
    own = _scored(file, dataset, rows, positive=positive, activity=f"asking {path.name}")
    groups = rows["group"].astype(str).tolist()
    faulty = drawn(rows, _TIMED_CALLS, seed=seed, purpose="robustness")
    return LitertFigures(
        name=path.stem,
        size_bytes=path.stat().st_size,
        pictures=len(rows),
        metrics=estimates(_REPORTED, own, groups),
        model_metrics=estimates(_REPORTED, whole, groups),
        same_answers=float((own.predicted == whole.predicted).mean()),
        network_ms=_network_ms(file),
        robustness=measure_robustness(file, dataset, faulty, seed=seed, whole=False),
    )


def _scored(
    asked: ExportedModel, dataset: Dataset, rows: pd.DataFrame, *, positive: str, activity: str
) -> Scored:
    def picture(path: str) -> Pixels:
        return decode(dataset.picture(path), name=path)

    paths = rows["path"].astype(str).tolist()
    targets = rows["target"].to_numpy(dtype=np.int64)
    found = asked.about_all(picture, paths, targets, activity=activity)
    two = len(asked.classes) == 2 and positive in asked.classes
    return replace(found, positive=asked.classes.index(positive) if two else None)


def _network_ms(file: _LitertAsked) -> float:
    """Return the median time of the network itself for one view, on one thread."""
    pixels = np.zeros((file.image_size_px, file.image_size_px, 3), np.uint8)
    times_ms = []
    for _ in range(_TIMED_CALLS):
        started = time.perf_counter()
        file.model.logits(pixels)
        times_ms.append(1000.0 * (time.perf_counter() - started))
    return float(np.median(times_ms))


def litert_note(one: LitertFigures) -> str:
    """Return a file's figures as a sentence for the reader of the report."""
    own, model = ({m.name: m.value for m in ms} for ms in (one.metrics, one.model_metrics))
    figures = [
        f"{label} {100 * own[name]:.1f} ({100 * model[name]:.1f} %)"
        for name, label in (("accuracy", "accuracy"), ("roc_auc", "ROC-AUC"))
        if name in own and name in model
    ]
    held = sum(c.metric.value * c.pictures for c in one.robustness)
    held /= max(1, sum(c.pictures for c in one.robustness))
    return (
        f"{one.name}.tflite, {one.size_bytes / 1e6:.2f} MB, the network takes {one.network_ms:.1f} "
        f"ms on one thread: {', '.join(figures)}, in brackets the SavedModel's on the same "
        f"{one.pictures} pictures; {100 * one.same_answers:.1f} % of the answers are the same; "
        f"accuracy {100 * held:.1f} % under camera faults."
    )
