"""Observations: what is known of a set of pictures, as arrays. Windows and references alike."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from components.common.artifacts.monitoring.prediction_log import STATISTIC_COLUMNS
from components.common.artifacts.monitoring.reference import Reference
from components.common.pictures.statistics import ADDED_LATER, STATISTICS

Floats = npt.NDArray[np.float32]
Texts = npt.NDArray[np.object_]


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

    def __len__(self) -> int:
        return len(self.times_unix_s)

    def take(self, rows: Any) -> "Observations":
        """Return some rows: a mask or positions."""
        picked = {name: getattr(self, name)[rows] for name in self.__dataclass_fields__}
        return Observations(**picked)

    @property
    def has_features(self) -> npt.NDArray[np.bool_]:
        """bool [N]: an embedding was taken and is finite."""
        if self.features.shape[1] == 0:
            return np.zeros(len(self), dtype=np.bool_)
        return np.asarray(np.isfinite(self.features).all(axis=1))


def from_table(table: pa.Table, *, classes: int) -> Observations:
    """Turn records of the prediction log, or of a reference, into arrays.

    Args:
        table: SCHEMA of the prediction log; `label` where there is one.
        classes: how many scores a record holds.

    Returns:
        One row a record. Values that are not finite stay as they are: who measures, filters.
    """
    frame = table.to_pandas()
    width = max((len(v) for v in frame["embedding"] if v is not None), default=0)
    return Observations(
        features=_matrix(frame["embedding"], width),
        statistics=frame.reindex(columns=list(STATISTIC_COLUMNS)).to_numpy(dtype=np.float32),
        scores=_matrix(frame["scores"], classes),
        decisions=_texts(frame, "decision"),
        labels=_texts(frame, "label"),
        groups=_texts(frame, "group"),
        lines=_texts(frame, "line"),
        cameras=_texts(frame, "camera"),
        times_unix_s=frame["time_unix_s"].to_numpy(dtype=np.float64),
        sha256=_texts(frame, "picture_sha256"),
    )


def of_reference(root: Path) -> Observations:
    """Read the observations of a reference."""
    reference = Reference.read(root)
    return from_table(reference.observations(), classes=len(reference.info.classes))


def comparable(first: Observations, second: Observations) -> "Pair":
    """Return both with zeros for each statistic that the records of one are too old to hold."""
    lacking = _lacking(first) | _lacking(second)
    return Pair(_without(first, lacking), _without(second, lacking))


@dataclass(frozen=True)
class Pair:
    """Two sets of observations whose statistics can be compared."""

    first: Observations
    second: Observations


_LATER = np.array([name in ADDED_LATER for name in STATISTICS])


def _lacking(observations: Observations) -> npt.NDArray[np.bool_]:
    known = np.isfinite(observations.statistics)
    measured = known[:, ~_LATER].all(axis=1)
    return np.asarray(_LATER & measured.any() & ~known[measured].any(axis=0))


def _without(observations: Observations, lacking: npt.NDArray[np.bool_]) -> Observations:
    if not lacking.any():
        return observations
    statistics = np.where(lacking, np.float32(0), observations.statistics)
    return replace(observations, statistics=statistics)


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
