"""The prediction log: what production asked and what was answered. Written by the gateway.

<log folder>/<model>/
├── 2026-11-24/<start>-<writer>.parquet    finished parts; records of that day (UTC)
├── journal/<start>-<writer>.arrows        the part being written: an Arrow stream
└── pictures/<sha256>.<suffix>             the reservoir of pictures for people to look at

A part appears by rename, so it is absent or whole. A journal may end in the middle of a batch after
a crash: what was flushed before is read. Parts of a day that is over are merged: the merged one
appears first, then the others go. Who reads meanwhile may find a record twice and keeps it once.

Earlier releases put a whole part into the day on which it began; it may hold records of the next.
"""

from pathlib import Path

import pyarrow as pa

from components.common.pictures.statistics import ADDED_LATER, STATISTICS

JOURNAL = "journal"
PICTURES = "pictures"
PART_SUFFIX = ".parquet"
JOURNAL_SUFFIX = ".arrows"
DAY = "%Y-%m-%d"
DAY_S = 86_400.0
STATISTIC_COLUMNS = tuple(f"s_{name}" for name in STATISTICS)
# Null in records that were written before these were measured.
LATER_COLUMNS = tuple(f"s_{name}" for name in ADDED_LATER)

SCHEMA = pa.schema(
    [
        ("time_unix_s", pa.float64()),
        ("request_id", pa.string()),
        ("row", pa.int32()),  # position in the request's batch
        ("model", pa.string()),
        # As the answer says; REST's does not, so there the path's or the newest one available
        # within a second. 0 when unknown.
        ("version", pa.int64()),
        ("interface", pa.string()),  # "REST" or "gRPC"
        ("status", pa.int32()),  # HTTP's or gRPC's code; 200 and 0 are good
        ("latency_ms", pa.float32()),  # the whole request, as the gateway saw it
        ("scores", pa.list_(pa.float32())),  # one a class, in the model's order; null if none
        ("decision", pa.string()),  # class name; "" if none
        ("embedding", pa.list_(pa.float32())),  # null when not sampled
        ("picture_sha256", pa.string()),  # of the encoded bytes
        ("picture_bytes", pa.int32()),
        ("height_px", pa.int32()),
        ("width_px", pa.int32()),
        ("group", pa.string()),  # module, lot, session; "" when unknown
        ("line", pa.string()),
        ("camera", pa.string()),
        *((name, pa.float32()) for name in STATISTIC_COLUMNS),  # null when not decodable
    ]
)


def model_log(folder: Path, model: str) -> Path:
    """Return the folder of one model's log."""
    return folder / model
