"""Parts of a prediction log, as small as they can be."""

import datetime as dt
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.common.artifacts.monitoring.log_reading import read_log
from components.common.artifacts.monitoring.prediction_log import SCHEMA

DAY_S = 86_400.0
# The last midnight but three, UTC.
MIDNIGHT_UNIX_S = dt.datetime.now(dt.UTC).timestamp() // DAY_S * DAY_S - 3 * DAY_S


def write_part(root: Path, begin_unix_s: float, count: int, *, span_s: float = 600.0) -> Path:
    """Write a part of `count` records, named by their times, in the day in which it begins."""
    times = begin_unix_s + np.arange(count) * span_s / count
    columns = {one.name: pa.nulls(count, one.type) for one in SCHEMA} | {
        "time_unix_s": pa.array(times),
        "request_id": pa.array([f"{one:.3f}" for one in times]),
        "row": pa.array(np.zeros(count, np.int32)),
        "picture_sha256": pa.array([f"{hash(one) % 10**9:064d}" for one in times]),
        "status": pa.array(np.full(count, 200, np.int32)),
        "version": pa.array(np.ones(count, np.int64)),
        "scores": pa.array([[0.25, 0.75]] * count, pa.list_(pa.float32())),
    }
    start = dt.datetime.fromtimestamp(begin_unix_s, dt.UTC)
    part = root / f"{start:%Y-%m-%d}" / f"{start:%Y%m%dT%H%M%S.%fZ}-w.parquet"
    part.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns, schema=SCHEMA), part)
    os.utime(part, (times[-1], times[-1]))
    return part


def names(root: Path, **window: float) -> Sequence[str]:
    """Return the ids of the records that a log holds, in their order."""
    return list(read_log(root, **window).table["request_id"].to_pylist())
