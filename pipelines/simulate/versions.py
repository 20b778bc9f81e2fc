"""Versions of the simulated model, each with the reference its drift is measured against."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from components.common.artifacts.monitoring.prediction_log import STATISTIC_COLUMNS
from components.common.artifacts.monitoring.reference import (
    OBSERVATIONS_SCHEMA,
    Reference,
    ReferenceInfo,
)
from components.common.pictures.decode import Pixels
from components.monitor.harm.learn import learn, write_correction
from components.monitor.observe.observations import Observations
from pipelines.simulate.model import Eyes, Model, fit
from pipelines.simulate.plant import Cells


@dataclass(frozen=True, kw_only=True)
class Version:
    """A model that serves or did, and its reference.

    accuracy: on the held-out cells of the reference.
    """

    number: int
    model: Model
    reference: Reference
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Where versions are made.

    root: references are written below it.
    harm_pictures: held-out pictures that are corrupted to learn what faults cost.
    """

    eyes: Eyes
    classes: tuple[str, ...]
    positive: str
    root: Path
    harm_pictures: int
    seed: int

    def make(self, number: int, train: Cells, held_out: Cells) -> Version:
        """Fit a model, make its reference, learn what faults cost it."""
        model = fit(self.eyes, train, held_out, classes=self.classes, seed=self.seed)
        seen = model.observe(held_out)
        accuracy = float(np.mean(seen.decisions == seen.labels))
        reference = self._reference(number, seen, model.observe(train), accuracy)

        def observe(pictures: Sequence[Pixels]) -> Observations:
            nothing = np.full(len(pictures), "", dtype=object)
            return model.observe(
                Cells(
                    pixels=np.stack(pictures),
                    labels=nothing,
                    groups=nothing,
                    suppliers=nothing,
                    ids=np.arange(len(pictures)),
                )
            )

        correction = learn(
            seen,
            lambda row: held_out.pixels[row],
            observe,
            classes=self.classes,
            pictures=self.harm_pictures,
            seed=self.seed,
        )
        if correction is not None:
            write_correction(reference.harm_path, correction)
        return Version(number=number, model=model, reference=reference, accuracy=accuracy)

    def _reference(
        self, number: int, seen: Observations, trained: Observations, accuracy: float
    ) -> Reference:
        info = ReferenceInfo(
            model_name="simulated",
            model_sha256="",
            data_sha256="",
            classes=self.classes,
            positive=self.positive,
            pictures=len(seen) + len(trained),
            groups=len({*seen.groups, *trained.groups}),
            accuracy=accuracy,
            seed=self.seed,
        )
        reference = Reference(self.root / "references" / str(number), info)
        tables = [
            _table(seen, split="test", version=number),
            # As in a real reference: of what the model was trained on, only what the camera saw.
            _table(_unasked(trained), split="train", version=number),
        ]
        reference.write(pa.concat_tables(tables))
        return reference


def _unasked(trained: Observations) -> Observations:
    nothing = np.full(len(trained), "", dtype=object)
    return dataclasses.replace(
        trained,
        features=np.full_like(trained.features, np.nan),
        scores=np.full_like(trained.scores, np.nan),
        decisions=nothing,
    )


def _table(seen: Observations, *, split: str, version: int) -> pa.Table:
    count = len(seen)
    columns = {
        "time_unix_s": seen.times_unix_s,
        "request_id": [str(row) for row in range(count)],
        "row": np.zeros(count, dtype=np.int32),
        "model": ["simulated"] * count,
        "version": np.full(count, version, dtype=np.int64),
        "interface": [""] * count,
        "status": np.zeros(count, dtype=np.int32),
        "latency_ms": np.full(count, np.nan),
        "scores": _known(seen.scores),
        "decision": list(seen.decisions),
        "embedding": _known(seen.features),
        "picture_sha256": list(seen.sha256),
        "group": list(seen.groups),
        "line": list(seen.lines),
        "camera": list(seen.cameras),
        "label": list(seen.labels),
        "split": [split] * count,
        **dict(zip(STATISTIC_COLUMNS, seen.statistics.T, strict=True)),
    }
    arrays = []
    for field in OBSERVATIONS_SCHEMA:
        values = columns.get(field.name)
        arrays.append(
            pa.nulls(count, field.type) if values is None else pa.array(values, field.type)
        )
    return pa.Table.from_arrays(arrays, schema=OBSERVATIONS_SCHEMA)


def _known(rows: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32] | None]:
    return [row if np.isfinite(row).all() else None for row in rows]
