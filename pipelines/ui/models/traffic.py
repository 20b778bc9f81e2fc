"""What went through the gateway lately, from the prediction log."""

import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from components.common.artifacts.monitoring.log_reading import newest_record_unix_s, read_log
from components.common.artifacts.monitoring.prediction_log import DAY_S, model_log
from components.common.statistics.operating_point import ASK

# HTTP's and gRPC's codes for a good answer.
_GOOD = pa.array([200, 0], type=pa.int32())
# Of more pictures a random choice is looked at, so that memory is bounded.
_MOST_PICTURES = 20_000


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """One model's log.

    predictions: answers of the last day. asked, failed: shares of them, in [0, 1], that the model
        had no decision for, or that ended with an error; of a random choice where there are many.
    newest_unix_s: time of the newest record ever, 0 for an empty log.
    damaged: files that could not be read.
    """

    predictions: int
    asked: float
    failed: float
    newest_unix_s: float
    damaged: int


def traffic_of(log: Path, model: str) -> Traffic:
    """Read a model's log of the last 24 hours."""
    root = model_log(log, model)
    newest = newest_record_unix_s(root) or 0.0
    read = read_log(
        root,
        since_unix_s=time.time() - DAY_S,
        columns=("status", "decision"),
        most_pictures=_MOST_PICTURES,
    )
    seen = max(len(read.table), 1)
    good = pc.is_in(read.table["status"], value_set=_GOOD)
    return Traffic(
        predictions=len(read.table) + read.beyond,
        asked=(pc.sum(pc.equal(read.table["decision"], ASK)).as_py() or 0) / seen,
        failed=1.0 - (pc.sum(good).as_py() or 0) / seen if len(read.table) else 0.0,
        newest_unix_s=newest,
        damaged=len(read.damaged),
    )
