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
# Read in so many parts, since a busy day's records are large.
_HOURS = 24


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """One model's log.

    predictions: answers of the last day. asked, failed: shares of them, in [0, 1], that the model
        had no decision for, or that ended with an error.
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
    now_unix_s = time.time()
    count = asked = good = 0
    damaged = set[str]()
    for hour in range(_HOURS if newest > now_unix_s - DAY_S else 0):
        since = now_unix_s - DAY_S + hour * DAY_S / _HOURS
        read = read_log(
            root,
            since_unix_s=since,
            until_unix_s=since + DAY_S / _HOURS,
            columns=("status", "decision"),
        )
        count += len(read.table)
        asked += pc.sum(pc.equal(read.table["decision"], ASK)).as_py() or 0
        good += pc.sum(pc.is_in(read.table["status"], value_set=_GOOD)).as_py() or 0
        damaged |= {*read.damaged}
        del read
        pa.default_memory_pool().release_unused()
    return Traffic(
        predictions=count,
        asked=asked / max(count, 1),
        failed=1 - good / count if count else 0.0,
        newest_unix_s=newest,
        damaged=len(damaged),
    )
