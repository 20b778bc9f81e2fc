"""The versions that a candidate has to beat, judged on the same pictures by the same code."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.judging.evaluation import SERVES
from components.common.artifacts.lineage import Seen, out_of_fold_of, read_pictures, seen_by_version
from components.common.artifacts.model_folder import ModelVersion
from components.common.artifacts.passport import read_passport
from components.common.artifacts.records import tree_sha256
from components.common.errors import DataError, ExportError, first_line
from components.common.labels.tasks import FittedTask, answer_table, values_of
from components.evaluate.predictions import as_table, score

LOG = logging.getLogger(__name__)

Table = pd.DataFrame


@dataclass(frozen=True)
class Incumbent:
    """The version that serves now, or the best one so far.

    `predictions` is None when it could not be scored; `note` says why.

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
    role: str = SERVES,
    candidate_sha256: str,
    predictions: pd.DataFrame,
    refits: Mapping[str, Table],
    tasks: Sequence[FittedTask] = (),
    batch_size: int,
) -> Incumbent:
    """Score a version; one that cannot be loaded or run is reported, not raised.

    Whatever is wrong with it, the candidate's evaluation stands: a broken incumbent is one more
    reason to look at the candidate. One that is the candidate has its `predictions`.

    Args:
        version: its number and folder.
        dataset: the pictures to judge by.
        role: SERVES or BEST, for the reader.
        candidate_sha256: digest of the candidate's files.
        predictions: the candidate's answers.
        refits: what recipes of versions answered that were fitted again, by their digests.
        tasks: further ones that the candidate answers.
        batch_size: pictures a call.
    """
    number = version.number
    try:
        digest = tree_sha256(version.path)
        if digest == candidate_sha256:
            return Incumbent(number, digest, predictions)
        if digest in refits:
            return Incumbent(number, digest, refits[digest], _refit_note(number, refits[digest]))
        table, note = _answers(
            version, dataset, predictions, role=role, tasks=tasks, batch_size=batch_size
        )
    except Exception as error:
        LOG.warning("version %d could not be scored", number, exc_info=True)
        note = f"Version {number}, {role}, could not be scored: {first_line(error)}"
        return Incumbent(number, "", None, note)
    return Incumbent(number, digest, table, note)


def _answers(
    version: ModelVersion,
    dataset: Dataset,
    predictions: Table,
    *,
    role: str,
    tasks: Sequence[FittedTask],
    batch_size: int,
) -> tuple[Table, str]:
    """Return a version's answers as `predictions` are, and what to be careful with."""
    known = _known(version, dataset.info.classes)
    ask = partial(
        score,
        version.path,
        dataset,
        classes=known,
        tasks=tasks,
        batch_size=batch_size,
        activity=f"asking version {version.number}, {role}",
    )
    every = dataset.judged()
    # Of a class that it does not know, it cannot be right.
    rows = every[every["label"].isin(known)].reset_index(drop=True)
    model_dir, number = version.path.parent, version.number
    seen, pictures = seen_by_version(model_dir, number), read_pictures(model_dir, number)
    if dataset.info.evidence == "holdout":
        is_new = ~(seen or Seen()).among(rows)
        # Without any the gate says that there is too little to compare by.
        table = ask(rows[is_new]) if any(is_new) else predictions.head(0)
        return table, "" if all(is_new) else _note(number, kept=0, new=sum(is_new), of=len(rows))
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
        [_reused(kept.loc[rows.loc[is_kept, by]], rows[is_kept], dataset, known, tasks)]
        if any(is_kept)
        else []
    )
    parts += [ask(rows[is_new])] if any(is_new) else []
    table = pd.concat(parts) if parts else predictions.head(0)
    order = rows["path"][is_kept | is_new]
    answered = table.set_index("path", drop=False).loc[order].reset_index(drop=True)
    return answered, _note(number, kept=sum(is_kept), new=sum(is_new), of=len(rows))


def _known(version: ModelVersion, classes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the classes that a version answers: its passport's, where these are some of ours."""
    passport = read_passport(version.path.parent, version.number)
    theirs = passport.classes if passport and passport.classes else classes
    return theirs if set(theirs) <= set(classes) else classes


def _reused(
    answers: Table,
    rows: Table,
    dataset: Dataset,
    classes: tuple[str, ...],
    tasks: Sequence[FittedTask],
) -> Table:
    """Return a version's out-of-fold answers as answers about these rows, in their order."""
    wanted = [f"p_{name}" for name in classes]
    known = [str(column) for column in answers if str(column).startswith("p_")]
    if known != wanted:
        raise ExportError(
            f"a model with the classes {', '.join(classes)} in this order",
            received=", ".join(column.removeprefix("p_") for column in known),
            do="set gate.compare_with_serving=false for this run",
        )
    return as_table(
        rows,
        dataset,
        probabilities=answers[wanted].to_numpy(dtype=np.float32),
        predicted=np.array([dataset.info.classes.index(name) for name in classes])[
            answers["predicted"].to_numpy(dtype=np.int64)
        ],
        asked=answers["asked"].to_numpy(),
        further=answer_table(tasks, [values_of(answers, task) for task in tasks], rows),
        classes=classes,
    )


def _refit_note(number: int, table: Table) -> str:
    return (
        f"Version {number} is compared by what its recipe, fitted again on the same folds, "
        f"answered about {len(table)} pictures."
    )


def _note(number: int, *, kept: int, new: int, of: int) -> str:
    by = []
    if kept:
        by.append(f"what its folds answered about {kept} pictures, which judges its recipe")
    if new:
        by.append(f"what it answers about {new} that it has not seen")
    text = f"Version {number} is compared by {', and by '.join(by) or 'nothing'}."
    left_out = of - kept - new
    return f"{text} {left_out} that it was trained on are left out." if left_out else text
