"""The prediction log: what production asked and what was answered. Written by the gateway.

<log folder>/<model>/
├── 2026-11-24/<start>-<writer>.parquet    finished parts
├── journal/<start>-<writer>.arrows        the part being written: an Arrow stream
└── pictures/<sha256>.<suffix>             the reservoir of pictures for people to look at

A part appears by rename, so it is absent or whole. A journal may end in the middle of a batch after
a crash: what was flushed before is read.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from components.common.pictures.statistics import ADDED_LATER, STATISTICS

LOG = logging.getLogger(__name__)

JOURNAL = "journal"
PICTURES = "pictures"
PART_SUFFIX = ".parquet"
JOURNAL_SUFFIX = ".arrows"
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


@dataclass(frozen=True)
class LogRead:
    """What a log holds.

    table: SCHEMA, ordered by time; a record that stands twice (same request and row) stands once,
    with its embedding if one of them has it.
    damaged: the files that could not be read, or only in part.
    """

    table: pa.Table
    damaged: tuple[str, ...]


def model_log(folder: Path, model: str) -> Path:
    """Return the folder of one model's log."""
    return folder / model


def read_log(root: Path, *, since_unix_s: float = 0.0, until_unix_s: float = 0.0) -> LogRead:
    """Read one model's log; safe while a gateway is writing.

    Args:
        root: as from `model_log`. A folder that is not there is an empty log.
        since_unix_s: leave out earlier records.
        until_unix_s: leave out records from then on; 0 reads to the end.

    Returns:
        The records, and the files that were damaged. Damage never raises.
    """
    tables: list[pa.Table] = []
    damaged: list[str] = []
    for path in _files(root):
        try:
            if path.suffix == PART_SUFFIX:
                tables.append(_completed(pq.read_table(path, partitioning=None)))
            else:
                tables.append(read_journal(path, damaged))
        except FileNotFoundError:
            # A journal that was just turned into a part; the part is read as well.
            continue
        except (pa.ArrowException, OSError, KeyError) as error:
            LOG.warning("%s cannot be read and is left out: %s", path, error)
            damaged.append(str(path))
    whole = pa.concat_tables(tables) if tables else SCHEMA.empty_table()
    return LogRead(tidied(whole, since_unix_s, until_unix_s), tuple(damaged))


def last_version(table: pa.Table) -> int:
    """Return the version that answered last, 0 where none of the records, by time, knows."""
    return next((one for one in reversed(table["version"].to_pylist()) if one), 0)


def _files(root: Path) -> Iterator[Path]:
    # Journals first, and parts looked for only after they were read: a journal that becomes a
    # part meanwhile is then met again, not missed.
    yield from sorted((root / JOURNAL).glob(f"*{JOURNAL_SUFFIX}"))
    yield from sorted(root.glob(f"*/*{PART_SUFFIX}"))


def _completed(table: pa.Table) -> pa.Table:
    for name in LATER_COLUMNS:
        if name not in table.column_names:
            table = table.append_column(name, pa.nulls(len(table), pa.float32()))
    return table.select(SCHEMA.names).cast(SCHEMA)


def read_journal(path: Path, damaged: list[str]) -> pa.Table:
    """Read the whole batches of a journal; one that ends within a batch is added to `damaged`."""
    batches = []
    with pa.OSFile(str(path)) as stream:
        try:
            for batch in pa.ipc.open_stream(stream) if stream.size() else ():
                batches.append(batch)
        except (pa.ArrowException, OSError, EOFError) as error:
            LOG.warning("%s ends in the middle of a batch: %s", path, error)
            damaged.append(str(path))
    return _completed(pa.Table.from_batches(batches)) if batches else SCHEMA.empty_table()


def tidied(table: pa.Table, since_unix_s: float = 0.0, until_unix_s: float = 0.0) -> pa.Table:
    """Return the records of a time once each, ordered by time; see `LogRead` and `read_log`."""
    frame = table.select(["time_unix_s", "request_id", "row"]).to_pandas()
    # The embedding comes later than the answer, in a second copy of the record.
    frame["bare"] = table["embedding"].is_null().to_numpy()
    keep = frame["time_unix_s"].ge(since_unix_s)
    if until_unix_s:
        keep &= frame["time_unix_s"].lt(until_unix_s)
    frame = frame[keep].sort_values("bare", kind="stable").drop_duplicates(["request_id", "row"])
    order = frame.sort_values(["time_unix_s", "row"]).index.to_numpy()
    return table.take(pa.array(order, type=pa.int64()))
