"""A prediction log with pictures, written the way the gateway writes it."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from components.common.artifacts.monitoring.prediction_log import (
    PICTURES,
    SCHEMA,
    STATISTIC_COLUMNS,
)
from components.common.pictures.decode import decode
from components.common.pictures.statistics import measure

MONDAY_UNIX_S = 1_795_996_800.0


@dataclass
class Log:
    """Collects records, then `write`s them as one part."""

    root: Path
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        picture: bytes,
        *,
        p: float | None = 0.9,
        embedding: Sequence[float] | None = None,
        hour: float = 0.0,
        keep: bool = True,
        **known: Any,
    ) -> str:
        sha256 = hashlib.sha256(picture).hexdigest()
        if keep:
            (self.root / PICTURES).mkdir(parents=True, exist_ok=True)
            (self.root / PICTURES / f"{sha256}.png").write_bytes(picture)
        statistics = dict(zip(STATISTIC_COLUMNS, measure(decode(picture)).tolist(), strict=True))
        decision = "" if p is None else ("bad" if p > 0.5 else "good")
        row = {
            "time_unix_s": MONDAY_UNIX_S + 3600 * hour,
            "request_id": f"r{len(self.rows)}",
            "row": 0,
            "model": "solar",
            "version": 1,
            "status": 200,
            "scores": None if p is None else [1 - p, p],
            "decision": decision,
            "embedding": embedding,
            "picture_sha256": sha256,
            **statistics,
            **known,
        }
        self.rows.append({name: row.get(name) for name in SCHEMA.names})
        return sha256

    def write(self) -> Path:
        day = self.root / "2026-11-30"
        day.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_pylist(self.rows, schema=SCHEMA)
        part = day / "0-test.parquet"
        pq.write_table(table, part)
        newest_unix_s = max((row["time_unix_s"] for row in self.rows), default=MONDAY_UNIX_S)
        os.utime(part, (newest_unix_s, newest_unix_s))
        return self.root
