"""The version that serves now, judged on the same pictures by the same code."""

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.lineage import out_of_fold_of, read_pictures, seen_by_version
from components.common.artifacts.model_folder import ModelVersion
from components.common.artifacts.passport import read_passport
from components.common.artifacts.records import tree_sha256
from components.common.errors import DataError, ExportError
from components.evaluate.predictions import as_table, score

LOG = logging.getLogger(__name__)

Table = pd.DataFrame


@dataclass(frozen=True)
class Incumbent:
    """What serves now. `predictions` is None when it could not be scored; `note` says why.

    Pictures that it has seen, and of which no out-of-fold answer was kept, are not among them.
    """

    version: int
    sha256: str
    predictions: pd.DataFrame | None
    note: str = ""


def score_incumbent(
    version: ModelVersion,
    dataset: Dataset,
    *,
    candidate_sha256: str,
    predictions: pd.DataFrame,
    batch_size: int,
) -> Incumbent:
    """Score a serving version; one that cannot be loaded or run is reported, not raised.

    Whatever is wrong with it, the candidate's evaluation stands: a broken incumbent is one more
    reason to look at the candidate. One that is the candidate has its `predictions`.
    """
    number = version.number
    try:
        digest = tree_sha256(version.path)
        if digest == candidate_sha256:
            return Incumbent(number, digest, predictions)
        table, note = _answers(version, dataset, predictions, batch_size=batch_size)
    except Exception as error:
        LOG.warning("version %d could not be scored", number, exc_info=True)
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        note = f"Version {number}, which serves now, could not be scored: {first_line[:300]}"
        return Incumbent(number, "", None, note)
    return Incumbent(number, digest, table, note)


def _answers(
    version: ModelVersion, dataset: Dataset, predictions: Table, *, batch_size: int
) -> tuple[Table, str]:
    """Return a version's answers as `predictions` are, and what to be careful with."""
    ask = partial(
        score,
        version.path,
        dataset,
        batch_size=batch_size,
        activity=f"asking version {version.number}, which serves now",
    )
    rows = dataset.judged()
    if dataset.info.evidence == "holdout":
        return ask(rows), ""
    model_dir, number = version.path.parent, version.number
    seen, pictures = seen_by_version(model_dir, number), read_pictures(model_dir, number)
    if seen is None or pictures is None:
        raise DataError(
            f"a record of the pictures that version {number} was trained on",
            received="none beside it",
            do="set gate.compare_with_serving=false for this run",
        )
    by = "pixels" if (pictures["pixels"] != "").all() else "sha256"
    kept = out_of_fold_of(model_dir, number).merge(pictures[["path", by]], on="path")
    kept = kept.drop_duplicates(by).set_index(by)
    is_kept = rows[by].isin(kept.index)
    is_new = ~is_kept & ~seen.among(rows)
    parts = (
        [_reused(kept.loc[rows.loc[is_kept, by]], rows[is_kept], dataset)] if any(is_kept) else []
    )
    parts += [ask(rows[is_new])] if any(is_new) else []
    # Without any the gate says that there is too little to compare by.
    table = pd.concat(parts) if parts else predictions.head(0)
    order = rows["path"][is_kept | is_new]
    answered = table.set_index("path", drop=False).loc[order].reset_index(drop=True)
    return answered, _note(number, kept=sum(is_kept), new=sum(is_new), pictures=len(rows))


def _reused(answers: Table, rows: Table, dataset: Dataset) -> Table:
    """Return a version's out-of-fold answers as answers about these rows, in their order."""
    wanted = [f"p_{name}" for name in dataset.info.classes]
    known = [str(column) for column in answers if str(column).startswith("p_")]
    if known != wanted:
        raise ExportError(
            f"a model with the classes {', '.join(dataset.info.classes)} in this order",
            received=", ".join(column.removeprefix("p_") for column in known),
            do="set gate.compare_with_serving=false for this run",
        )
    return as_table(
        rows,
        dataset,
        probabilities=answers[wanted].to_numpy(dtype=np.float32),
        predicted=answers["predicted"].to_numpy(),
        asked=answers["asked"].to_numpy(),
    )


def _note(number: int, *, kept: int, new: int, pictures: int) -> str:
    by = []
    if kept:
        by.append(f"what its folds answered about {kept} pictures, which judges its recipe")
    if new:
        by.append(f"what it answers about {new} that it has not seen")
    text = f"Version {number} is compared by {', and by '.join(by) or 'nothing'}."
    left_out = pictures - kept - new
    return f"{text} {left_out} that it was trained on are left out." if left_out else text


def below_best(model_dir: Path, version: int) -> float:
    """Return what a version lost against the best one before it, as its passport says.

    A version that a person let through against the gate's word begins a new count.
    """
    passport = read_passport(model_dir, version)
    if passport is None or passport.verdict.override is not None:
        return 0.0
    return passport.verdict.below_best
