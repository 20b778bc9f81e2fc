"""Make the reference of a version: what the accepted pictures look like to camera and model.

Held-out pictures (validation and test) have scores and embeddings, as evaluate has asked for them.
Training pictures get statistics only: the model knows them by heart, so that its answers on them
say nothing about new ones, but the camera saw them like any other. Under cross-validation, where
the model was fitted on all pictures, their scores are what the folds answered; only the embeddings
are the model's own.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.exported import Export
from components.common.artifacts.judging.evaluation import HeldOut, probabilities
from components.common.artifacts.monitoring.prediction_log import PICTURES, STATISTIC_COLUMNS
from components.common.artifacts.monitoring.reference import (
    OBSERVATIONS_SCHEMA,
    Reference,
    ReferenceInfo,
)
from components.common.errors import DataError
from components.common.pictures.decode import decode, encode_png
from components.common.pictures.statistics import measure
from components.common.pictures.thumbnails import shrunk
from components.common.progress import mapped
from components.common.run_context import RunContext
from components.common.seeding import generator
from components.common.statistics.operating_point import ASK
from components.common.step import Step
from components.reference.config import ReferenceConfig

HELD_OUT = ("validation", "test")


@dataclass(frozen=True, kw_only=True)
class ReferenceInputs:
    """The artifacts that a reference is made from: Export, validated Dataset and Evaluation."""

    exported: Path
    dataset: Path
    evaluation: Path


@dataclass(frozen=True, kw_only=True)
class ReferenceOutputs:
    """The Reference."""

    reference: Path


def run(
    settings: ReferenceConfig,
    inputs: ReferenceInputs,
    outputs: ReferenceOutputs,
    context: RunContext,
) -> None:
    """Write the Reference of an exported model.

    Raises:
        DataError: no picture is held out, one cannot be read, or evaluate has not asked about it.
    """
    export, dataset = Export.read(inputs.exported), Dataset.read(inputs.dataset)
    rows, out = _rows(dataset, settings), outputs.reference
    held_out = HeldOut.read(inputs.evaluation)
    table = _observe(rows, dataset, export, held_out=held_out, out=out, settings=settings)
    held = table[rows["held"]]
    info = ReferenceInfo(
        model_name=settings.model_name,
        model_sha256=export.info.model_sha256,
        data_sha256=context.data_sha256,
        classes=export.info.classes,
        positive=export.info.positive,
        pictures=len(table),
        groups=table["group"].nunique(),
        accuracy=_accuracy(held, export.info.classes),
        seed=settings.seed,
    )
    observations = pa.Table.from_pandas(table, OBSERVATIONS_SCHEMA, preserve_index=False)
    Reference(out, info).write(observations)


def _accuracy(held: pd.DataFrame, classes: tuple[str, ...]) -> float:
    """Return the share of right answers; where the model asks, its likeliest class counts."""
    likeliest = [classes[int(np.argmax(scores))] for scores in held["scores"]]
    answered = held["decision"].where(held["decision"] != ASK, likeliest)
    return float((answered == held["label"]).mean())


def _rows(dataset: Dataset, settings: ReferenceConfig) -> pd.DataFrame:
    """Return the pictures to look at, `held` ones first, each set in manifest order."""
    if dataset.info.evidence == "cross_validation":
        return dataset.judged().assign(held=True)
    held = [dataset.split(name) for name in HELD_OUT]
    if not any(map(len, held)):
        raise DataError(
            "held-out pictures to make a reference of",
            received="a data set without validation and test split",
            do="give validate.validation_fraction or validate.test_fraction a share",
        )
    train = dataset.split("train")
    if len(train) > settings.train_pictures:
        rng = generator(settings.seed, "reference", "train")
        chosen = rng.permutation(len(train))[: settings.train_pictures]
        train = train.iloc[np.sort(chosen)]
    rows = pd.concat([*held, train], ignore_index=True)
    return rows.assign(held=rows["split"].isin(HELD_OUT))


def _observe(
    rows: pd.DataFrame,
    dataset: Dataset,
    export: Export,
    *,
    held_out: HeldOut,
    out: Path,
    settings: ReferenceConfig,
) -> pd.DataFrame:
    held = rows["held"]
    place = {path: row for row, path in enumerate(held_out.answers["path"])}
    missing = [path for path in rows.loc[held, "path"] if path not in place]
    if missing:
        raise DataError(
            f"an evaluation that asked about {held.sum()} held-out pictures",
            received=f"none of the answer about {missing[0]}",
            do="run the evaluate step again on this data set",
        )
    order = [place[path] for path in rows.loc[held, "path"]]
    classes, answers = export.info.classes, held_out.answers.iloc[order]
    words = [
        ASK if asked else classes[answered]
        for answered, asked in zip(answers["predicted"], answers["asked"], strict=True)
    ]
    scores = probabilities(answers, classes).to_numpy(dtype=np.float32)
    seen = _look(rows, dataset, copies=out / PICTURES, settings=settings)
    return pd.DataFrame(
        {
            "time_unix_s": time.time(),
            "request_id": rows["path"],
            "row": 0,
            "model": settings.model_name,
            "version": 0,  # its number is given when it is deployed
            "interface": "",
            "status": 0,
            "latency_ms": np.nan,
            "scores": _where(held, scores, otherwise=None),
            "decision": _where(held, words, otherwise=""),
            "embedding": _where(held, held_out.features[order], otherwise=None),
            "picture_sha256": rows["sha256"],
            "group": rows["group"].astype(str),
            "line": rows["domain"].astype(str),
            "camera": "",
            "label": rows["label"],
            "split": rows["split"],
        }
    ).join(seen)


def _where(held: "pd.Series[bool]", values: Iterable[Any], *, otherwise: Any) -> list[Any]:
    """Spread values of the held-out rows over all rows."""
    following = iter(values)
    return [next(following) if is_held else otherwise for is_held in held]


def _look(
    rows: pd.DataFrame, dataset: Dataset, *, copies: Path, settings: ReferenceConfig
) -> pd.DataFrame:
    """Measure every picture, and keep small copies of the held-out ones."""
    copies.mkdir(parents=True, exist_ok=True)

    def look(row: Any) -> dict[str, float]:
        data = dataset.picture(str(row.path))
        pixels = decode(data, name=str(row.path))
        seen = dict(zip(STATISTIC_COLUMNS, measure(pixels), strict=True))
        height, width, _ = pixels.shape
        if settings.copy_px and row.held:
            small = encode_png(shrunk(pixels, settings.copy_px))
            (copies / f"{row.sha256}.png").write_bytes(small)
        return seen | {"picture_bytes": len(data), "height_px": height, "width_px": width}

    return pd.DataFrame(mapped(look, list(rows.itertuples()), "measuring pictures"))


STEP = Step("reference", run)
