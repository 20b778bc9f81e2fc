"""Records that stand beside a data set, one row each in a CSV file."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from components.common.errors import DataError

T = TypeVar("T")


def read_rows(
    table: Path, columns: Sequence[str], record: Callable[[dict[str, str]], T]
) -> tuple[T, ...]:
    """Return the records of a table in their order; nothing where there is no such file.

    Args:
        table: as `as_csv` makes it.
        columns: what it should have, for the message.
        record: makes a record of a row, or raises KeyError, TypeError or ValueError.

    Raises:
        DataError: the table is damaged.
    """
    if not table.is_file():
        return ()
    try:
        with table.open(newline="", encoding="utf-8") as stream:
            return tuple(record(row) for row in csv.DictReader(stream, strict=True))
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise DataError(
            f"{table} with the columns {', '.join(columns)}",
            received=f"what cannot be read ({error})",
            do="restore it from DVC or a copy",
        ) from None


def as_csv(columns: Sequence[str], records: Iterable[object]) -> bytes:
    """Return the table of some records of a dataclass whose fields are the columns."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(vars(one) for one in records)
    return stream.getvalue().encode()
