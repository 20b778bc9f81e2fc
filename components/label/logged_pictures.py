"""The pictures of the prediction log that a person could look at."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from components.common.artifacts.monitoring.log_reading import last_version, read_log
from components.common.artifacts.monitoring.prediction_log import (
    LATER_COLUMNS,
    PICTURES,
    STATISTIC_COLUMNS,
)
from components.common.errors import DataError
from components.common.pictures.decode import decode
from components.common.pictures.statistics import measure
from components.common.progress import mapped
from components.label.config import QueueConfig
from components.label.farthest_first import Floats

# Embeddings are sampled. With this many times the pictures asked for, the rest can be left out.
_ENOUGH = 5
_ALWAYS = [name for name in STATISTIC_COLUMNS if name not in LATER_COLUMNS]


@dataclass(frozen=True, kw_only=True)
class LoggedPictures:
    """N pictures of the log, each once.

    rows: columns of the log, and `picture`, where it lies.
    scores: float64 [N, classes]; rows without an answer are NaN.
    features: float64 [N, D], finite: embeddings, or picture statistics where too few were taken.
    asked: bool [N], the pictures that people were asked about or have labelled before.
    predictions: how many records the window holds.
    damaged: files of the log that could not be read.
    """

    rows: pd.DataFrame
    scores: npt.NDArray[np.float64]
    features: Floats
    asked: npt.NDArray[np.bool_]
    predictions: int
    damaged: tuple[str, ...]


def find_logged_pictures(
    root: Path, settings: QueueConfig, *, known: Collection[str]
) -> LoggedPictures:
    """Return the pictures of the window that are still kept.

    Args:
        root: one model's log.
        settings: the window, and how many pictures are wanted.
        known: SHA-256 of pictures that need no label any more.

    Raises:
        DataError: the log or the window is empty, or no picture was kept.
    """
    read = read_log(root, since_unix_s=settings.since_unix_s, until_unix_s=settings.until_unix_s)
    if not read.table.num_rows:
        raise _nothing_logged(root)
    kept = {path.stem: path for path in (root / PICTURES).glob("*.*") if path.is_file()}
    table = read.table.filter(pc.is_in(read.table["picture_sha256"], pa.array(kept, pa.string())))
    rows = _one_a_picture(table.to_pandas(), version=last_version(read.table))
    rows["picture"] = rows["picture_sha256"].map(kept)
    enough = rows["usable"].sum() >= _ENOUGH * settings.count
    wanted = rows[rows["usable"]] if enough else _measured(rows)
    if wanted.empty:
        raise DataError(
            f"pictures of the {read.table.num_rows} predictions in {root / PICTURES}",
            received="none that is still kept",
            do="let the gateway keep pictures, for longer, or name a later window",
        )
    return LoggedPictures(
        rows=wanted.reset_index(drop=True),
        scores=_scores(wanted),
        features=_features(wanted),
        asked=wanted["picture_sha256"].isin(set(known)).to_numpy(),
        predictions=read.table.num_rows,
        damaged=read.damaged,
    )


def _one_a_picture(rows: pd.DataFrame, *, version: int) -> pd.DataFrame:
    """Keep each picture's newest answer, one with an embedding first."""
    # Embeddings of two versions lie in two spaces: only those of the one that serves are compared.
    usable = rows["embedding"].map(_is_vector) & (rows["version"] == version)
    rows = rows.assign(usable=usable).sort_values(["usable", "time_unix_s"], kind="stable")
    rows = rows.drop_duplicates("picture_sha256", keep="last")
    return rows.sort_values(["time_unix_s", "picture_sha256"])


def _measured(rows: pd.DataFrame) -> pd.DataFrame:
    """Measure the pictures that a busy gateway had no time for; drop what is no picture.

    Left out, they would be those of the busiest minutes: the queue would see a part of the window.
    """
    missing = rows[rows[_ALWAYS].isna().any(axis=1)]
    values = mapped(_statistics, list(missing["picture"]), "measuring pictures")
    known = {at: one for at, one in zip(missing.index, values, strict=True) if one is not None}
    rows = rows.drop(index=missing.index.difference(list(known)))
    rows.update(pd.DataFrame.from_dict(known, orient="index", columns=list(STATISTIC_COLUMNS)))
    return rows


def _statistics(picture: Path) -> npt.NDArray[np.float32] | None:
    try:
        return measure(decode(picture.read_bytes(), name=picture.name))
    except (OSError, DataError):
        return None


def _is_vector(value: object) -> bool:
    return isinstance(value, np.ndarray) and len(value) > 0 and bool(np.isfinite(value).all())


def _features(rows: pd.DataFrame) -> Floats:
    if rows["usable"].all():
        return np.stack(list(rows["embedding"])).astype(np.float64)
    # A log that is in part older than a statistic is compared without it.
    return rows[list(STATISTIC_COLUMNS)].dropna(axis=1).to_numpy(dtype=np.float64)


def _scores(rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    given = [value for value in rows["scores"] if value is not None]
    width = max((len(value) for value in given), default=0)
    out = np.full((len(rows), width), np.nan)
    for number, value in enumerate(rows["scores"]):
        if value is not None and len(value) == width:
            out[number] = value
    return out


def _nothing_logged(root: Path) -> DataError:
    whole = read_log(root).table
    if not whole.num_rows:
        received = "no record" if root.is_dir() else "no such folder"
        do = "send predictions through 'graft gateway', or correct --log and --model-name"
        return DataError(f"a prediction log in {root}", received=received, do=do)
    times = pd.to_datetime(whole["time_unix_s"].to_numpy(), unit="s")
    span = f"from {times.min():%F %R} to {times.max():%F %R} UTC"
    return DataError(
        f"predictions between --since and --until in {root}",
        received=f"none; its {whole.num_rows} records are {span}",
        do="name another window",
    )
