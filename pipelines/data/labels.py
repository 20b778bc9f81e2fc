"""Labels go out and come back: the queue, the data set and its pin, tied together."""

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.labelled_picture import LabelledPicture
from components.common.errors import DataError
from components.common.pictures.grey_range import FULL
from components.ingest.commands import (
    AddOutcome,
    Correction,
    add_pictures,
    adding_to,
    additions_table,
    corrections_table,
    labels_by_sha256,
    relabel,
    root_of,
)
from components.ingest.config import IngestConfig
from components.ingest.step import grey_range_of, read_any, read_source
from components.label.commands import (
    ClusteredPictures,
    LabelQueue,
    cluster_pictures,
    make_queue,
    read_labels,
)
from components.label.config import QueueConfig
from pipelines.config import TrainingRun
from pipelines.data import history, pinning, tracking


@dataclass(frozen=True, kw_only=True)
class Added:
    """What `graft data add` did.

    unlabelled: pictures that nobody has labelled yet. problems: answers that name no picture.
    pin: the `.dvc` file that was updated, "" without one.
    pin_problem: why it was not.
    """

    outcome: AddOutcome
    unlabelled: int = 0
    problems: tuple[str, ...] = ()
    pin: str = ""
    pin_problem: str = ""


def queue(settings: QueueConfig, *, out: Path, data: IngestConfig | None) -> LabelQueue:
    """Choose pictures for people to label, and write them to the new folder `out`.

    The pictures of `data`, where it is at hand, need no label; its classes are the answers.
    """
    source = read_source(data) if data else None
    known, classes = (labels_by_sha256(source), source.classes) if source else ({}, ())
    return make_queue(settings, out=out, classes=classes, known=known, now_unix_s=time.time())


def cluster(folder: Path, *, out: Path, count: int, run: TrainingRun) -> ClusteredPictures:
    """Cluster pictures without labels by the embedding of a run's network, see `label.clusters`."""
    source = dataclasses.replace(run.ingest, source="folder", path=str(folder))
    return cluster_pictures(
        folder,
        out=out,
        count=count,
        network=run.train,
        image_size_px=run.augment.image_size_px,
        seed=run.seed,
        # What is no folder of pictures is refused there.
        grey_range=grey_range_of(source, read_any(source)) if folder.is_dir() else FULL,
    )


def add(
    path: Path,
    *,
    run: TrainingRun,
    form: str,
    log: Path,
    places: Sequence[Path] = (),
    by: str = "",
    dry_run: bool = False,
) -> Added:
    """Take labelled pictures into the data set of a run, and let DVC pin the new state.

    Args:
        path: what came back: a folder by class, a CSV file, or Label Studio's JSON export.
        run: says which data set, and how small a picture may be.
        form: a file name in `components/label/formats`; "" goes by what lies at `path`.
        log: the prediction log's folder; knows group and line of what was asked.
        places: more folders that may hold the pictures.
        by: who takes them in; "" is who works here, as git or the system knows them.
        dry_run: change nothing.

    Raises:
        ConfigError: pictures cannot be added to this data set.
        DataError: the answers or the data set cannot be read.
    """
    root_of(run.ingest)  # before anything is read
    returned = read_labels(path, log=log, model_name=run.model_name, form=form, places=places)
    added = take_in(returned.labelled, run=run, by=by, dry_run=dry_run)
    return dataclasses.replace(added, unlabelled=returned.unlabelled, problems=returned.problems)


def take_in(
    labelled: Sequence[LabelledPicture], *, run: TrainingRun, by: str = "", dry_run: bool = False
) -> Added:
    """Take pictures whose labels are known in; arguments and errors as `add`."""
    root = root_of(run.ingest)
    pin = pinning.find_pin(root)
    table = additions_table(run.ingest)
    with adding_to(pin.folder if pin else root):
        foreign = pinning.other_changes(pin, table.parent) if pin and table else ""
        outcome = add_pictures(
            labelled,
            settings=run.ingest,
            min_size_px=run.validate.min_size_px,
            now_unix_s=time.time(),
            by=by or history.user_name(root),
            dry_run=dry_run,
        )
        name, problem = "", ""
        if pin is not None and not dry_run and not pinning.is_current(pin):
            name, problem = pin.name, _update(pin, foreign)
    return Added(outcome=outcome, pin=name, pin_problem=problem)


@dataclass(frozen=True, kw_only=True)
class Relabelled:
    """What `graft data relabel` did; `pin` and `pin_problem` as in `Added`."""

    corrections: tuple[Correction, ...]
    pin: str = ""
    pin_problem: str = ""


def correct(file: Path, *, run: TrainingRun, by: str, dry_run: bool = False) -> Relabelled:
    """Take a table of corrected labels into the data set of a run, and let DVC pin the new state.

    Args:
        file: CSV with the columns path, label and corrected.
        run: says which data set.
        by: who corrects; "" for the user's name.
        dry_run: change nothing.

    Raises:
        ConfigError: labels cannot be corrected in this data set.
        DataError: a row is wrong, or the data set cannot be read; nothing is changed.
    """
    root = root_of(run.ingest)
    pin, table = pinning.find_pin(root), corrections_table(run.ingest)
    with adding_to(pin.folder if pin else root):
        foreign = pinning.other_changes(pin, table) if pin and table else ""
        new = relabel(
            file,
            settings=run.ingest,
            by=by or history.user_name(root),
            now_unix_s=time.time(),
            dry_run=dry_run,
        )
        name, problem = "", ""
        if pin is not None and new and not dry_run:
            name, problem = pin.name, _update(pin, foreign)
    return Relabelled(corrections=new, pin=name, pin_problem=problem)


def _update(pin: pinning.Pin, foreign: str) -> str:
    """Let the file pin the folder as it is now; return why not, if not."""
    if foreign:
        return f"{pin.folder} holds other changes ({foreign}): look at them, then 'dvc commit'"
    try:
        tracking.commit(pin.project_root, pin.name)
    except DataError as error:
        return str(error)
    return ""
