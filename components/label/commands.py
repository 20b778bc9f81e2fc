"""What a person does by hand: have a queue of pictures to label made, hand the labels in."""

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from components.common import plugins
from components.common.artifacts.labelled_picture import LabelledPicture
from components.common.artifacts.monitoring.prediction_log import PICTURES, model_log
from components.common.artifacts.records import file_sha256
from components.common.errors import DataError
from components.common.files import new_folder
from components.common.pictures.decode import PICTURE_SUFFIXES
from components.common.statistics.operating_point import ASK
from components.label.asked_before import AskedPicture, asking, note_asked, read_asked
from components.label.clusters import ClusteredPictures as ClusteredPictures
from components.label.clusters import cluster_pictures as cluster_pictures
from components.label.clusters import label_by_names as label_by_names
from components.label.config import QueueConfig
from components.label.desk import Conflict as Conflict
from components.label.desk import Desk as Desk
from components.label.desk import DeskCounts as DeskCounts
from components.label.desk import DeskReply as DeskReply
from components.label.farthest_first import choose_farthest, uncertainties
from components.label.format_contract import QueueItem, ReturnedLabels
from components.label.formats import csv
from components.label.formats.csv import WaitingPicture as WaitingPicture
from components.label.logged_pictures import LoggedPictures, find_logged_pictures

FORMATS = "components.label.formats"


@dataclass(frozen=True, kw_only=True)
class LabelQueue:
    """What goes out. `out` is None when nothing is new.

    predictions: records in the window; pictures: those still kept; asked: of these, known already.
    """

    items: tuple[QueueItem, ...]
    out: Path | None
    predictions: int
    pictures: int
    asked: int
    damaged: tuple[str, ...]


def make_queue(
    settings: QueueConfig,
    *,
    out: Path,
    classes: tuple[str, ...],
    known: Collection[str],
    now_unix_s: float,
) -> LabelQueue:
    """Choose pictures, write them for people and remember that they were asked.

    The queue appears by rename and is noted after that: a kill between the two asks twice at worst.

    Args:
        settings: which log, which window, how many pictures, which format.
        out: the folder to write; must not exist.
        classes: what a person can answer; () takes the answers found in the log.
        known: SHA-256 of pictures that are labelled already.
        now_unix_s: noted as the time of asking.

    Raises:
        ConfigError: there is no such format.
        DataError: the log is empty, its pictures are gone, or `out` is taken.
    """
    write = plugins.load(FORMATS, settings.format).write
    root = model_log(Path(settings.log), settings.model_name)
    if out.exists():
        received = "one that is there"
        raise DataError(f"a new folder at {out}", received=received, do="name another")
    if not root.is_dir():
        find_logged_pictures(root, settings, known=())
    with asking(root):
        found = find_logged_pictures(root, settings, known={*known, *read_asked(root)})
        items = _chosen(found, settings)
        if items:
            answers = {str(answer) for answer in found.rows["decision"] if answer} - {ASK}
            _write(items, write, out=out, classes=classes or tuple(sorted(answers)))
            note_asked(root, items, asked_unix_s=now_unix_s)
    return LabelQueue(
        items=items,
        out=out if items else None,
        predictions=found.predictions,
        pictures=len(found.rows),
        asked=int(found.asked.sum()),
        damaged=found.damaged,
    )


def default_out(settings: QueueConfig) -> Path:
    """Return where a queue goes when nobody says where: `label-queues/<model>-<last day>`."""
    last = datetime.fromtimestamp(settings.until_unix_s, UTC)
    return Path("label-queues") / f"{settings.model_name}-{last:%Y-%m-%d}"


def read_labels(
    path: Path, *, log: Path, model_name: str, form: str = "", places: Sequence[Path] = ()
) -> ReturnedLabels:
    """Read what came back; where the person said no group or domain, the log's words hold.

    Args:
        path: a folder by class, a CSV file, or Label Studio's JSON export.
        log: the prediction log's folder; model_name: the model in it.
        form: a file name in `formats/`; "" goes by what lies at `path`.
        places: more folders that may hold the pictures.

    Raises:
        ConfigError: there is no such format.
        DataError: it cannot be read, is of no format that is known, or names no picture.
    """
    form = form or guess_format(path)
    root = model_log(log, model_name)
    returned: ReturnedLabels = plugins.load(FORMATS, form).read(
        path, places=(*places, root / PICTURES)
    )
    if not (returned.labelled or returned.unlabelled or returned.problems):
        endings = ", ".join(sorted(PICTURE_SUFFIXES))
        raise DataError(
            f"pictures to add in '{path}' (endings: {endings})",
            received="none",
            do="correct the path, or save them with one of these endings",
        )
    asked = read_asked(root)
    labelled = tuple(_completed(one, asked, form) for one in returned.labelled)
    return dataclasses.replace(returned, labelled=labelled)


def guess_format(path: Path) -> str:
    """Return the format of what came back, by its ending; a folder with a queue or manifest is CSV.

    Raises:
        DataError: it is none.
    """
    if path.is_dir():
        return "csv" if csv.table_of(path).is_file() else "folder"
    known = {".csv": "csv", ".json": "label_studio"}
    form = known.get(path.suffix.lower(), "")
    if not form or not path.is_file():
        raise DataError(
            f"a folder by class, a .csv or a Label Studio export (.json) at '{path}'",
            received="another kind of file" if path.exists() else "nothing there",
            do="unpack an archive first, or correct the path",
        )
    return form


def _completed(
    one: LabelledPicture, asked: Mapping[str, AskedPicture], form: str
) -> LabelledPicture:
    before = asked.get(file_sha256(one.file))
    group, domain = one.group, one.domain
    if before is not None:
        group, domain = group or before.group, domain or before.line or before.camera
    return dataclasses.replace(one, group=group, domain=domain, origin=form)


def _chosen(found: LoggedPictures, settings: QueueConfig) -> tuple[QueueItem, ...]:
    uncertainty = uncertainties(found.scores, settings.uncertainty)
    new = ~found.asked
    rows = found.rows[new].reset_index(drop=True)
    order = choose_farthest(
        found.features[new],
        uncertainty[new],
        count=settings.count,
        before=found.features[~new],
        first=(rows["decision"] == ASK).to_numpy(),
    )
    confidence = found.scores[new].max(axis=1, initial=0.0)
    return tuple(
        QueueItem(
            picture=rows["picture"][row],
            sha256=str(rows["picture_sha256"][row]),
            time_unix_s=float(rows["time_unix_s"][row]),
            version=int(rows["version"][row]),
            suggestion=_suggestion(rows["decision"][row]),
            confidence=float(confidence[row]) if confidence[row] == confidence[row] else 0.0,
            uncertainty=float(uncertainty[new][row]),
            group=str(rows["group"][row] or ""),
            line=str(rows["line"][row] or ""),
            camera=str(rows["camera"][row] or ""),
        )
        for row in order
    )


def _suggestion(decision: object) -> str:
    """Return the answered class; a model that asked has none to suggest."""
    return "" if decision == ASK else str(decision or "")


def _write(
    items: tuple[QueueItem, ...],
    write: Callable[..., None],
    *,
    out: Path,
    classes: tuple[str, ...],
) -> None:
    try:
        with new_folder(out) as partial:
            write(items, out=partial, queue=out.name, classes=classes)
    except FileNotFoundError as error:
        # The gateway's reservoir makes room for newer pictures at any time.
        raise DataError(
            "the log's pictures to stay while they are copied",
            received=f"'{error.filename}' gone",
            do="run again; nothing was noted as asked",
        ) from None
