"""Labels go out and come back: the queue, the data set and its pin, tied together."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from components.common import plugins
from components.common.artifacts.monitoring.prediction_log import PICTURES, model_log
from components.common.artifacts.records import file_sha256
from components.common.errors import DataError, expected
from components.ingest.add_pictures import (
    Outcome,
    Proposed,
    add_pictures,
    labels_by_sha256,
    root_of,
)
from components.ingest.additions import adding_to, folder_of
from components.ingest.config import IngestConfig
from components.ingest.step import read_source
from components.label.config import QueueConfig
from components.label.ledger import Asked, read_asked
from components.label.records import Answers, Labelled
from components.label.step import FORMATS, Queue, make_queue
from pipelines.config import TrainingRun
from pipelines.data import pinning, tracking

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Added:
    """What `graft data add` did.

    unlabelled: pictures that nobody has labelled yet. problems: answers that name no picture.
    pin: the `.dvc` file that was updated, "" without one.
    pin_problem: why it was not.
    """

    outcome: Outcome
    unlabelled: int
    problems: tuple[str, ...]
    pin: str = ""
    pin_problem: str = ""


def queue(settings: QueueConfig, *, out: Path, data: IngestConfig | None) -> Queue:
    """Choose pictures for people to label, and write them to a new folder.

    Args:
        settings: log, window, number, format.
        out: the folder to write.
        data: the data set whose pictures need no label and whose classes are the answers;
            None where it is not at hand.
    """
    source = read_source(data) if data is not None else None
    known = labels_by_sha256(source) if source is not None else {}
    classes = source.classes if source is not None else ()
    return make_queue(settings, out=out, classes=classes, known=known, now_unix_s=time.time())


def add(
    path: Path,
    *,
    run: TrainingRun,
    form: str,
    log: Path,
    places: Sequence[Path] = (),
    dry_run: bool = False,
) -> Added:
    """Take labelled pictures into the data set of a run, and let DVC pin it anew.

    Args:
        path: what came back: a folder by class, a CSV file, or Label Studio's JSON export.
        run: says which data set, and how small a picture may be.
        form: a file name in `components/label/formats`; "" goes by what lies at `path`.
        log: the prediction log's folder; knows group and line of what was asked.
        places: more folders that may hold the pictures.
        dry_run: change nothing.

    Raises:
        ConfigError: pictures cannot be added to this data set.
        DataError: the answers or the data set cannot be read.
    """
    root = root_of(run.ingest)
    form = form or guess_format(path)
    logged = model_log(log, run.model_name)
    answers: Answers = plugins.load(FORMATS, form).read(path, places=(*places, logged / PICTURES))
    asked = read_asked(logged)
    proposed = [_proposed(one, asked, form) for one in answers.labelled]
    with adding_to(root):
        pin = pinning.find_pin(root)
        foreign = pinning.other_changes(pin, folder_of(root)) if pin else ""
        outcome = add_pictures(
            proposed,
            settings=run.ingest,
            min_size_px=run.validate.min_size_px,
            now_unix_s=time.time(),
            dry_run=dry_run,
        )
        name, problem = "", ""
        if pin is not None and not dry_run and not pinning.is_current(pin):
            name, problem = pin.name, _update(pin, foreign)
    return Added(
        outcome=outcome,
        unlabelled=answers.unlabelled,
        problems=answers.problems,
        pin=name,
        pin_problem=problem,
    )


def guess_format(path: Path) -> str:
    """Return the format of what came back, by its ending; a folder with a CSV queue is one.

    Raises:
        DataError: it is none.
    """
    if path.is_dir():
        return "csv" if (path / "queue.csv").is_file() else "folder"
    known = {".csv": "csv", ".json": "label_studio"}
    form = known.get(path.suffix.lower(), "")
    if not form or not path.is_file():
        raise DataError(
            expected(
                f"a folder by class, a .csv or a Label Studio export (.json) at '{path}'",
                received="another kind of file" if path.exists() else "nothing there",
                do="correct the path",
            )
        )
    return form


def _proposed(one: Labelled, asked: dict[str, Asked], form: str) -> Proposed:
    """Fill in what the log knew of the picture and the person did not say."""
    before = asked.get(file_sha256(one.picture))
    group, domain = one.group, one.domain
    if before is not None:
        group, domain = group or before.group, domain or before.line or before.camera
    return Proposed(file=one.picture, label=one.label, group=group, domain=domain, origin=form)


def _update(pin: pinning.Pin, foreign: str) -> str:
    """Let the file pin the folder as it is now; return why not, if not."""
    if foreign:
        return f"{pin.folder} holds other changes ({foreign}): look at them, then 'dvc commit'"
    try:
        tracking.commit(pin.project_root, pin.name)
    except DataError as error:
        return str(error)
    return ""
