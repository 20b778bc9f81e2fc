"""Ask a SavedModel about pictures: predictions as a table."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.typing import ArrayLike

from components.common.artifacts.dataset import Dataset
from components.common.errors import DataError, ExportError
from components.common.labels.tasks import FittedTask, answer_table
from components.common.models.saved_model import Answers, ask
from components.common.statistics.operating_point import ASK


def score(
    saved_model: Path,
    dataset: Dataset,
    rows: pd.DataFrame,
    *,
    classes: tuple[str, ...] = (),
    tasks: Sequence[FittedTask] = (),
    batch_size: int,
    activity: str,
) -> pd.DataFrame:
    """Return PREDICTION_COLUMNS and one probability column a class, in the order of the rows.

    Those of further tasks beside them, see `tasks.answer_table`.

    Args:
        saved_model: a SavedModel folder, the candidate's or a serving version.
        dataset: holds the pictures, which are sent as encoded bytes.
        rows: those of its manifest that are asked about.
        classes: those that the model knows, some of the data set's; () for all of them.
        tasks: further ones to compare by; a model that does not know one gives no answer to it.
        batch_size: pictures a call.
        activity: what the progress report calls this.

    Raises:
        DataError: there is no picture, or one cannot be read.
        ExportError: the model answers with other classes than the data set has, or with NaN.
    """
    check_any(rows)
    paths = rows["path"].astype(str).tolist()
    answers = ask(saved_model, paths, dataset.picture, batch_size=batch_size, activity=activity)
    return answers_as_table(rows, dataset, answers, classes=classes, tasks=tasks)


def answers_as_table(
    rows: pd.DataFrame,
    dataset: Dataset,
    answers: Answers,
    *,
    classes: tuple[str, ...] = (),
    tasks: Sequence[FittedTask],
) -> pd.DataFrame:
    """Return what a model said about manifest rows, as `score` does, which says what it raises."""
    every = dataset.info.classes
    classes = classes or every
    _check_classes(answers, classes)
    found = []
    for task in tasks:
        shape = (len(rows), len(task.classes))
        said = answers.tasks.get(task.name)
        alike = said is not None and said.shape == shape
        found.append(said if said is not None and alike else np.full(shape, np.nan, np.float32))
    return as_table(
        rows,
        dataset,
        probabilities=answers.probabilities,
        predicted=[every.index(name) for name in answers.answers],
        asked=[name == ASK for name in answers.decisions],
        further=answer_table(tasks, found, rows),
        classes=classes,
    )


def check_any(rows: pd.DataFrame) -> None:
    """Raise DataError where there is no picture to judge by."""
    if rows.empty:
        raise DataError(
            "pictures in the test split",
            received="none",
            do="add pictures or raise the test share of the validate step",
        )


def as_table(
    rows: pd.DataFrame,
    dataset: Dataset,
    *,
    probabilities: npt.NDArray[np.float32],
    predicted: ArrayLike,
    asked: ArrayLike,
    further: pd.DataFrame | None = None,
    classes: tuple[str, ...] = (),
) -> pd.DataFrame:
    """Return PREDICTION_COLUMNS and one probability column a class for manifest rows.

    `further` are columns of other tasks, see `tasks.answer_table`; `classes` those of the
    probabilities where they are not the data set's.
    """
    table = rows[["path", "sha256", "group", "domain"]].reset_index(drop=True)
    table["target"] = dataset.targets(rows)
    table["predicted"] = np.asarray(predicted, np.int64)
    table["asked"] = np.asarray(asked, bool)
    names = [f"p_{name}" for name in classes or dataset.info.classes]
    table = table.join(pd.DataFrame(probabilities, columns=names))
    return table if further is None else table.join(further)


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
