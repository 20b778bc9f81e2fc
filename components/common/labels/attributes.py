"""A table of what is true of each class: attributes, or the numbers of a vector of its name."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from components.common.errors import ConfigError, DataError, InputError
from components.common.files import write_bytes

CLASS_COLUMN = "class"


@dataclass(frozen=True)
class AttributeTable:
    """One row a class, one column an attribute.

    values: float64 [classes, attributes], finite; no two rows are equal, no column is constant.
    """

    classes: tuple[str, ...]
    attributes: tuple[str, ...]
    values: npt.NDArray[np.float64]

    @classmethod
    def read(cls, path: str) -> "AttributeTable":
        """Read a CSV file with a column `class`.

        Raises:
            ConfigError: no file is named, or it is not there.
            DataError: it is no such table, or a cell, a row or a column says nothing.
        """
        file = Path(path).expanduser()
        if not path or not file.is_file():
            raise ConfigError(
                "a table of attributes: a CSV file with a column 'class' and one an attribute",
                received=f"no file '{path}'" if path else "none",
                do="name it in train.options.attributes",
            )
        lines = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
        rows = [[cell.strip() for cell in line] for line in lines if any(line)]
        header = rows[0] if rows else []
        if CLASS_COLUMN not in header or len(header) < 2 or len(set(header)) < len(header):
            raise _bad(file, "one column 'class' and different ones for attributes", header)
        place = header.index(CLASS_COLUMN)
        names = tuple(name for name in header if name != CLASS_COLUMN)
        found: dict[str, list[float]] = {}
        for row in rows[1:]:
            if len(row) != len(header) or not row[place] or row[place] in found:
                raise _bad(file, f"{len(header)} cells a row, and each class once", ",".join(row))
            cells = [cell for column, cell in enumerate(row) if column != place]
            found[row[place]] = [
                number(cell, f"{row[place]}, {name}, in {file}")
                for name, cell in zip(names, cells, strict=True)
            ]
        values = np.array(list(found.values()), dtype=np.float64).reshape(-1, len(names))
        return cls(tuple(found), names, values)._checked(file)

    def rows(self, classes: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the values of some classes, float64 [len(classes), attributes], in their order.

        Raises:
            DataError: the table lacks one.
        """
        absent = [name for name in classes if name not in self.classes]
        if absent:
            raise DataError(
                "attributes of every class",
                received=f"a table without {', '.join(absent)}",
                do="add a row for each, or remove the class",
            )
        return self.values[[self.classes.index(name) for name in classes]]

    def with_class(self, name: str, values: Mapping[str, float]) -> "AttributeTable":
        """Return the table with one more row.

        Raises:
            DataError: there is such a class, an attribute is unknown or missing, or another class
                has the same ones.
        """
        if name in self.classes:
            raise DataError(
                "a class that the table of attributes lacks",
                received=f"'{name}', which it has",
                do="choose another name, or correct its row and run again",
            )
        unknown = [key for key in values if key not in self.attributes]
        missing = [key for key in self.attributes if key not in values]
        if unknown or missing:
            wrong = f"unknown {', '.join(unknown)}" if unknown else f"no {', '.join(missing)}"
            raise DataError(
                f"a value for each of {', '.join(self.attributes)}",
                received=wrong,
                do="give every attribute of the table, as 'attribute=1'",
            )
        row = [[values[key] for key in self.attributes]]
        both = np.concatenate([self.values, np.array(row, dtype=np.float64)])
        return AttributeTable((*self.classes, name), self.attributes, both)._checked(None)

    def write(self, file: Path) -> None:
        """Write the table as a CSV file."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([CLASS_COLUMN, *self.attributes])
        for name, row in zip(self.classes, self.values, strict=True):
            writer.writerow([name, *(f"{value:.10g}" for value in row)])
        write_bytes(file, text.getvalue().encode())

    def _checked(self, file: Path | None) -> "AttributeTable":
        if len(self.classes) < 2:
            raise _bad(file, "rows of at least two classes", f"{len(self.classes)}")
        for name, column in zip(self.attributes, self.values.T, strict=True):
            if np.ptp(column) == 0.0:
                raise _bad(file, "attributes that differ between classes", f"a constant '{name}'")
        for first, name in enumerate(self.classes):
            same = np.flatnonzero((self.values[:first] == self.values[first]).all(axis=1))
            if len(same):
                twin = self.classes[same[0]]
                raise _bad(file, "classes with different attributes", f"'{twin}' like '{name}'")
        return self


def number(text: str, where: str) -> float:
    """Return a cell as a number.

    Raises:
        DataError: it is none, or not finite.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"a number ({where})", received=f"'{text}'", do="fill in the cell")
    return value


def _bad(file: Path | None, wanted: str, received: object) -> InputError:
    where = f" in {file}" if file else ""
    return DataError(f"{wanted}{where}", received=received or "nothing", do="correct the table")
