"""The evidence table: what is known of the candidate's answers about pictures it had not seen."""

import pandas as pd

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.exported import Export
from components.common.artifacts.judging.held_out import calibrated
from components.common.errors import DataError
from components.common.labels.tasks import answer_table, values_of
from components.common.statistics.operating_point import decide
from components.evaluate.predictions import as_table


def gather(
    export: Export, candidate: Candidate, dataset: Dataset, *, held_out: pd.DataFrame
) -> pd.DataFrame:
    """Return PREDICTION_COLUMNS and one probability column a class, in manifest order.

    Under holdout they are the exported model's about the test split. Under cross-validation it has
    been fitted on every picture, so the answers are those of the folds: its recipe's, decided on
    by its operating point. They are not asked about for being strange, since each fold would have
    to know what is familiar to it.

    Args:
        export: the model, and its operating point.
        candidate: holds the out-of-fold answers.
        dataset: says which of the two it is.
        held_out: the exported model's answers, about these pictures at least.

    Raises:
        DataError: the candidate was judged on other pictures than the data set has.
    """
    rows = dataset.judged()
    if dataset.info.evidence == "holdout":
        return held_out.set_index("path", drop=False).loc[rows["path"]].reset_index(drop=True)
    return _by_folds(candidate.out_of_fold(), export, dataset)


def refitted(export: Export, candidate: Candidate, dataset: Dataset) -> dict[str, pd.DataFrame]:
    """Return the same of served versions whose recipes train fitted again, by their digests.

    They are decided on by the candidate's operating point, that of the present costs.

    Raises:
        DataError: they are about other pictures than the data set has.
    """
    return {
        str(sha256): _by_folds(answers, export, dataset)
        for sha256, answers in candidate.refits().groupby("sha256")
    }


def _by_folds(answers: pd.DataFrame, export: Export, dataset: Dataset) -> pd.DataFrame:
    rows = dataset.judged()
    if sorted(answers["path"]) != sorted(rows["path"]):
        raise DataError(
            f"out-of-fold answers about the {len(rows)} pictures of the data set",
            received=f"a candidate with answers about {len(answers)}",
            do="train again on this data set",
        )
    answers = answers.set_index("path", drop=False).loc[rows["path"]]
    classes = export.info.classes
    probabilities = calibrated(answers, classes)
    decided = decide(probabilities, point=export.info.operating_point, classes=classes)
    return as_table(
        rows,
        dataset,
        probabilities=probabilities,
        predicted=decided.predicted,
        asked=decided.asked,
        further=answer_table(
            export.info.tasks,
            [task.probabilities(values_of(answers, task)) for task in export.info.tasks],
            rows,
        ),
    )
