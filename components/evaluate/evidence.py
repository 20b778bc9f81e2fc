"""The evidence table: what is known of the candidate's answers about pictures it had not seen."""

import pandas as pd

from components.common.artifacts.candidate import Candidate, calibrated
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.exported import Export
from components.common.errors import DataError
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
    answers = candidate.out_of_fold()
    if sorted(answers["path"]) != sorted(rows["path"]):
        raise DataError(
            f"out-of-fold answers about the {len(rows)} pictures of the data set",
            received=f"a candidate with answers about {len(answers)}",
            do="train again on this data set",
        )
    answers = answers.set_index("path", drop=False).loc[rows["path"]]
    classes = candidate.info.classes
    probabilities = calibrated(answers, classes)
    decided = decide(probabilities, point=export.info.operating_point, classes=classes)
    return as_table(
        rows,
        dataset,
        probabilities=probabilities,
        predicted=decided.predicted,
        asked=decided.asked,
    )
