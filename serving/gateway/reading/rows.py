"""Rows of the prediction log."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import pyarrow as pa

from components.common.artifacts.monitoring.prediction_log import SCHEMA, STATISTIC_COLUMNS
from serving.gateway.reading.predictions import Floats


@dataclass(frozen=True, kw_only=True)
class Row:
    """One picture and what was said of it; see SCHEMA for units. None is null."""

    time_unix_s: float
    request_id: str
    row: int
    model: str
    version: int
    interface: str
    status: int
    latency_ms: float
    scores: Floats | None
    decision: str
    embedding: Floats | None
    picture_sha256: str
    picture_bytes: int | None
    height_px: int | None
    width_px: int | None
    group: str
    line: str
    camera: str
    statistics: Floats | None


_PLAIN = tuple(field.name for field in fields(Row) if field.name != "statistics")


def to_batch(rows: Sequence[Row]) -> pa.RecordBatch:
    """Return rows as one batch of SCHEMA."""
    columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in _PLAIN}
    for position, name in enumerate(STATISTIC_COLUMNS):
        columns[name] = [
            None if row.statistics is None else float(row.statistics[position]) for row in rows
        ]
    return pa.RecordBatch.from_pydict(columns, schema=SCHEMA)
