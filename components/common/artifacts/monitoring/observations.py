"""Observations: what is known of a set of pictures, as arrays. Windows and references alike."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from components.common.artifacts.monitoring.prediction_log import STATISTIC_COLUMNS
from components.common.artifacts.monitoring.reference import Reference
from components.common.statistics.operating_point import ASK

Floats = npt.NDArray[np.float32]
Texts = npt.NDArray[np.object_]
Channel = Literal["statistics", "features", "scores"]


@dataclass(frozen=True, kw_only=True)
class Observations:
    """N pictures, in order of time.

    features: float32 [N, D], NaN rows where no embedding was taken; D = 0 if none was.
    statistics: float32 [N, len(STATISTICS)], NaN rows where the picture could not be decoded; NaN
        in one of ADDED_LATER where the record is older than that.
    scores: float32 [N, classes], rows sum to 1; NaN rows where the model gave none.
    decisions: class names, "" where there is none.
    labels: true classes, "" where unknown.
    groups: module, lot or session, "" where unknown; lines, cameras: the same.
    times_unix_s: float64 [N].
    sha256: of the encoded pictures.
    classes: names in the order of the scores; () where neither reference nor passport names them.
    """

    features: Floats
    statistics: Floats
    scores: Floats
    decisions: Texts
    labels: Texts
    groups: Texts
    lines: Texts
    cameras: Texts
    times_unix_s: npt.NDArray[np.float64]
    sha256: Texts
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.times_unix_s)

    def take(self, rows: Any) -> "Observations":
        """Return some rows: a mask or positions."""
        columns: dict[str, Any] = {name: getattr(self, name)[rows] for name in _COLUMNS}
        return replace(self, **columns)

    def whole(self, channel: Channel) -> npt.NDArray[np.bool_]:
        """bool [N]: the channel is there and finite."""
        values: Floats = getattr(self, channel)
        return np.asarray(np.isfinite(values).all(axis=1) & (values.shape[1] > 0))

    @property
    def columns(self) -> npt.NDArray[np.int64]:
        """int64 [N]: the column of each label in the scores, -1 where it is unknown."""
        return column_numbers(self.labels, self.classes)


_COLUMNS = tuple(field.name for field in fields(Observations) if field.name != "classes")


def answered(
    *,
    features: Floats,
    statistics: Floats,
    scores: Floats,
    decisions: Sequence[str],
    classes: tuple[str, ...],
) -> Observations:
    """Return pictures of which nothing is known but what camera and model say."""
    blank = np.full(len(scores), "", dtype=object)
    return Observations(
        features=features,
        statistics=statistics,
        scores=scores,
        decisions=np.array(decisions, dtype=object),
        labels=blank,
        groups=blank,
        lines=blank,
        cameras=blank,
        times_unix_s=np.zeros(len(scores)),
        sha256=blank,
        classes=classes,
    )


def joined(*parts: Observations) -> Observations:
    """Return the pictures of several sets of one model, one after the other."""
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS
    }
    return replace(parts[0], **columns)


def column_numbers(names: Texts, classes: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Return int64 [N]: each name's place in `classes`, -1 for one that is not in it."""
    place = {name: number for number, name in enumerate(classes)}
    return np.array([place.get(str(name), -1) for name in names], dtype=np.int64)


def decided_columns(observations: Observations) -> npt.NDArray[np.int64]:
    """Return int64 [N]: the class that was answered; the number of classes where it asked.

    Where the model decides nothing, its most probable class; rows without scores are given 0.
    """
    decided = column_numbers(observations.decisions, observations.classes)
    best = np.nan_to_num(observations.scores).argmax(axis=1)
    asked = observations.decisions == ASK
    return np.where(asked, len(observations.classes), np.where(decided >= 0, decided, best))


def from_table(table: pa.Table, *, classes: tuple[str, ...]) -> Observations:
    """Turn records of the prediction log, or of a reference, into arrays.

    Args:
        table: SCHEMA of the prediction log; `label` where there is one.
        classes: names in the order of the scores.

    Returns:
        One row a record. Values that are not finite stay as they are: who measures, filters.
    """
    frame = table.to_pandas()
    width = max((len(v) for v in frame["embedding"] if v is not None), default=0)
    return Observations(
        features=_matrix(frame["embedding"], width),
        statistics=frame.reindex(columns=list(STATISTIC_COLUMNS)).to_numpy(dtype=np.float32),
        scores=_matrix(frame["scores"], len(classes)),
        decisions=_texts(frame, "decision"),
        labels=_texts(frame, "label"),
        groups=_texts(frame, "group"),
        lines=_texts(frame, "line"),
        cameras=_texts(frame, "camera"),
        times_unix_s=frame["time_unix_s"].to_numpy(dtype=np.float64),
        sha256=_texts(frame, "picture_sha256"),
        classes=classes,
    )


def of_reference(root: Path) -> Observations:
    """Read the observations of a reference."""
    reference = Reference.read(root)
    return from_table(reference.observations(), classes=reference.info.classes)


def _matrix(column: pd.Series, width: int) -> Floats:
    out = np.full((len(column), width), np.nan, dtype=np.float32)
    for row, values in enumerate(column):
        if values is not None and len(values) == width:
            out[row] = values
    return out


def _texts(frame: pd.DataFrame, name: str) -> Texts:
    if name not in frame:
        return np.full(len(frame), "", dtype=object)
    return frame[name].fillna("").astype(str).to_numpy(dtype=object)
