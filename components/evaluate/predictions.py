"""Ask a SavedModel about the test split: predictions as a table."""

from pathlib import Path

import numpy as np
import pandas as pd

from components.common.artifacts.dataset import Dataset
from components.common.errors import DataError, ExportError
from components.common.saved_model import Answers, ask
from components.common.statistics.operating_point import ASK


def score(saved_model: Path, dataset: Dataset, *, batch_size: int, activity: str) -> pd.DataFrame:
    """Return PREDICTION_COLUMNS and one probability column a class, in manifest order.

    Args:
        saved_model: a SavedModel folder, the candidate's or a serving version.
        dataset: its test split is sent as encoded bytes.
        batch_size: pictures a call.
        activity: what the progress report calls this.

    Raises:
        DataError: there is no test picture, or one cannot be read.
        ExportError: the model answers with other classes than the data set has, or with NaN.
    """
    rows = dataset.split("test")
    if rows.empty:
        raise DataError(
            "pictures in the test split",
            received="none",
            do="add pictures or raise the test share of the validate step",
        )
    paths = rows["path"].astype(str).tolist()
    answers = ask(saved_model, paths, dataset.picture, batch_size=batch_size, activity=activity)
    classes = dataset.info.classes
    _check_classes(answers, classes)
    table = rows[["path", "sha256", "group", "domain"]].copy()
    table["target"] = dataset.targets(rows)
    table["predicted"] = [classes.index(name) for name in answers.answers]
    table["asked"] = [name == ASK for name in answers.decisions]
    for index, name in enumerate(classes):
        table[f"p_{name}"] = answers.probabilities[:, index]
    return table


def _check_classes(answers: Answers, classes: tuple[str, ...]) -> None:
    """The graph names its best class; the name must stand where its probability stands."""
    broken = int((~np.isfinite(answers.probabilities).all(axis=1)).sum())
    if broken:
        raise ExportError(
            "probabilities that are numbers",
            received=f"others for {broken} of {len(answers.probabilities)} pictures",
            do="look at the training's curves, and lower the learning rate",
        )
    width = answers.probabilities.shape[1]
    named = set(answers.classes) | set(answers.answers)
    best = answers.probabilities.argmax(axis=1)
    if not (
        width == len(classes)
        and named <= set(classes)
        and all(classes[i] == name for i, name in zip(best, answers.classes, strict=True))
    ):
        raise ExportError(
            f"a model with the classes {', '.join(classes)} in this order",
            received=f"{width} probabilities and the names {', '.join(sorted(named))}",
            do="train and export again on this data set",
        )
