"""Pictures as the page shows them, and the ones that the model got wrong."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.judging.evaluation import probabilities
from components.common.pictures.thumbnails import thumbnail


@dataclass(frozen=True, kw_only=True)
class ShownPicture:
    """A picture with the answer about it; `confidence` in [0, 1] is what that class was given."""

    path: str
    group: str
    domain: str
    truth: str
    decision: str
    confidence: float
    jpeg: bytes


def wrong(predictions: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return the rows that were decided wrongly, those with the surest answer first.

    A picture for which the model asks a person is not among them.
    """
    decided = predictions["predicted"].to_numpy(dtype=int)
    missed = decided != predictions["target"].to_numpy(dtype=int)
    if "asked" in predictions:
        missed &= ~predictions["asked"].to_numpy(dtype=bool)
    rows = np.flatnonzero(missed)
    sureness = _confidence(predictions, classes)[rows]
    return predictions.iloc[rows[np.argsort(-sureness, kind="stable")]]


def show(rows: pd.DataFrame, dataset: Dataset, classes: tuple[str, ...]) -> list[ShownPicture]:
    """Return pictures as the page shows them.

    Args:
        rows: PREDICTION_COLUMNS and probabilities.
        dataset: has the pictures.
        classes: names in order.
    """
    return [
        ShownPicture(
            path=str(row["path"]),
            group=str(row["group"]),
            domain=str(row["domain"]),
            truth=classes[int(row["target"])],
            decision=classes[int(row["predicted"])],
            confidence=float(confidence),
            jpeg=thumbnail(dataset.picture(str(row["path"])), name=str(row["path"])),
        )
        for row, confidence in zip(rows.to_dict("records"), _confidence(rows, classes), strict=True)
    ]


def _confidence(rows: pd.DataFrame, classes: tuple[str, ...]) -> np.ndarray:
    table = probabilities(rows, classes).to_numpy(dtype=float)
    chosen: np.ndarray = table[np.arange(len(table)), rows["predicted"].to_numpy(dtype=int)]
    return chosen
