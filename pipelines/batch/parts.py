"""What lies in the output folder, and how a part gets there.

<out>/
├── batch.json                      what was asked for
├── pictures.jsonl                  the pictures, a JSON text a line
├── predictions/part-000000.parquet path, sha256, class, scores, decision, version
├── failures/part-000000.parquet    path, reason; no file where nothing failed
└── summary.json                    the counts, once all parts are there
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.batch import files
from pipelines.batch.classify import Answered, Failed, Model, classify
from pipelines.batch.listing import read_part
from pipelines.batch.records import Counts, Part

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


@dataclass(frozen=True)
class Output:
    """The output folder's paths."""

    root: str

    @property
    def run(self) -> str:
        """The record of what was asked for."""
        return files.join(self.root, "batch.json")

    @property
    def pictures(self) -> str:
        """The list of pictures."""
        return files.join(self.root, "pictures.jsonl")

    @property
    def summary(self) -> str:
        """The record of the end."""
        return files.join(self.root, "summary.json")

    @property
    def predictions(self) -> str:
        """The folder of answers."""
        return files.join(self.root, "predictions")

    @property
    def failures(self) -> str:
        """The folder of pictures without an answer."""
        return files.join(self.root, "failures")


def finish_part(
    part: Part, *, output: Output, model: Model, version: str, batch_size: int
) -> Counts:
    """Write a part's files, or find that they are there.

    The failures come first: a part is done when its predictions have their name.
    """
    name = f"part-{part.number:06d}.parquet"
    target = files.join(output.predictions, name)
    if files.exists(target):
        return _counts(target)
    paths = read_part(output.pictures, part)
    answered: list[Answered] = []
    failed: list[Failed] = []
    for record in classify(paths, model=model, batch_size=batch_size):
        if isinstance(record, Answered):
            answered.append(record)
        else:
            failed.append(record)
    if failed:
        _write(_failures(failed), files.join(output.failures, name))
    table = _predictions(answered, version)
    _write(table.replace_schema_metadata({_FAILED_COUNT: str(len(failed))}), target)
    return Counts(answered=len(answered), failed=len(failed))


def _counts(path: str) -> Counts:
    with files.open_to_read(path) as stream:
        footer = pq.read_metadata(stream)
    return Counts(answered=footer.num_rows, failed=int(footer.metadata[_FAILED_COUNT]))


def _predictions(records: Sequence[Answered], version: str) -> pa.Table:
    columns = {
        "path": [_printable(record.path) for record in records],
        "sha256": [record.sha256 for record in records],
        "class": [record.top_class for record in records],
        "scores": [record.scores for record in records],
        "decision": [record.decision for record in records],
        "version": [version] * len(records),
    }
    return pa.table(columns, schema=_PREDICTIONS)


def _failures(records: Sequence[Failed]) -> pa.Table:
    columns = {
        "path": [_printable(record.path) for record in records],
        "reason": [_printable(record.reason) for record in records],
    }
    return pa.table(columns, schema=_FAILURES)


def _printable(text: str) -> str:
    """Show bytes of a name that are no UTF-8 as escapes: Parquet's texts are UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def _write(table: pa.Table, path: str) -> None:
    with files.writing_whole(path) as stream:
        pq.write_table(table, stream)
