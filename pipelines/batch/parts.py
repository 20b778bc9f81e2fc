"""One part: from its pictures to its Parquet files."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from components.common.statistics.operating_point import ASK
from pipelines.batch import files
from pipelines.batch.classify import BatchModel, Classified, Failed, classify
from pipelines.batch.listing import read_part
from pipelines.batch.records import FAILURES, PICTURES, PREDICTIONS, Part, Tally

_PREDICTIONS = pa.schema(
    [
        ("path", pa.string()),
        ("sha256", pa.string()),
        ("class", pa.string()),
        ("scores", pa.list_(pa.float32())),
        ("decision", pa.string()),
        ("version", pa.string()),
    ]
)
_FAILURES = pa.schema([("path", pa.string()), ("reason", pa.string())])
_FAILED_COUNT = b"graft.failed"
_ASKED_COUNT = b"graft.asked"


def finish_part(part: Part, *, out: str, model: BatchModel, version: str, batch_size: int) -> Tally:
    """Write a part's files, or find that they are there.

    The failures come first: a part is done when its predictions have their name.
    """
    name = f"part-{part.number:06d}.parquet"
    target = files.join(out, PREDICTIONS, name)
    if files.exists(target):
        return _counts(target)
    paths = read_part(files.join(out, PICTURES), part)
    records = list(classify(paths, model=model, batch_size=batch_size))
    answered = [record for record in records if isinstance(record, Classified)]
    failed = [record for record in records if isinstance(record, Failed)]
    if failed:
        reasons = [(_printable(one.path), _printable(one.reason)) for one in failed]
        _write(reasons, _FAILURES, files.join(out, FAILURES, name))
    answers = [
        (_printable(one.path), one.sha256, one.top_class, one.scores, one.decision, version)
        for one in answered
    ]
    asked = sum(one.decision == ASK for one in answered)
    counts = {_FAILED_COUNT: str(len(failed)), _ASKED_COUNT: str(asked)}
    _write(answers, _PREDICTIONS.with_metadata(counts), target)
    return Tally(answered=len(answered), failed=len(failed), asked=asked)


def _counts(path: str) -> Tally:
    with files.open_to_read(path) as stream:
        footer = pq.read_metadata(stream)
    failed = int(footer.metadata[_FAILED_COUNT])
    # A run that an earlier version of Graft began did not count them.
    asked = int(footer.metadata.get(_ASKED_COUNT, 0))
    return Tally(answered=footer.num_rows, failed=failed, asked=asked)


def _printable(text: str) -> str:
    """Show bytes of a name that are no UTF-8 as escapes: Parquet's texts are UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def _write(rows: Sequence[tuple[Any, ...]], schema: pa.Schema, path: str) -> None:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    table = pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema)
    with files.writing_whole(path) as stream:
        pq.write_table(table, stream)
