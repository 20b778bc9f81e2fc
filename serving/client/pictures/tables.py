"""The table of answers: a row a picture, written as CSV or Parquet."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.common.errors import ConfigError
from components.common.files import new_file
from components.common.report.spreadsheet import plain_table

ALL_PREDICTED = 0
SOME_FAILED = 3

# One picture's line of the table, by column.
PictureRow = dict[str, Any]

COLUMNS = {
    "path": "string",
    "class": "string",
    "probability": "Float32",
    "probabilities": "object",
    "decision": "string",
    "model": "string",
    "version": "Int64",
    "error": "string",
}


def exit_code(table: pd.DataFrame) -> int:
    """Return 0 when every picture has an answer, else 3."""
    return SOME_FAILED if bool(table["error"].notna().any()) else ALL_PREDICTED


def check_output(path: Path) -> None:
    """Refuse a file that `write_table` cannot write, before hours of pictures are classified.

    Raises:
        ConfigError: the suffix is neither .csv nor .parquet.
    """
    if path.suffix not in {".csv", ".parquet"}:
        raise ConfigError("a .csv or .parquet file", received=f"'{path}'", do="change its suffix")


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write `predict_folder`'s table as CSV or Parquet, as the suffix says.

    In CSV the probabilities are a JSON list, and no text is a formula (`plain_cell`).

    Raises:
        ConfigError: another suffix.
    """
    check_output(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with new_file(path, durable=False) as partial:
        if path.suffix == ".parquet":
            table.to_parquet(partial, index=False)
        else:
            lists = table["probabilities"].map(_as_json, na_action="ignore")
            plain_table(table.assign(probabilities=lists)).to_csv(partial, index=False)


def _as_json(values: Sequence[float]) -> str:
    # The shortest decimals that give the same float32 again.
    return json.dumps([float(str(np.float32(value))) for value in values])
