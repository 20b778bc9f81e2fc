"""Put together what people are asked to label."""

import logging
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from components.common import plugins
from components.common.artifacts.monitoring.prediction_log import model_log
from components.common.errors import DataError, expected
from components.label.candidates import Candidates, find_candidates
from components.label.choose import choose, uncertainties
from components.label.config import QueueConfig
from components.label.ledger import Asked, asking, note_asked, read_asked
from components.label.records import QueueItem

LOG = logging.getLogger(__name__)

FORMATS = "components.label.formats"


@dataclass(frozen=True, kw_only=True)
class Queue:
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
) -> Queue:
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
        raise DataError(expected(f"a new folder at {out}", received=received, do="name another"))
    if not root.is_dir():
        find_candidates(root, settings, known=())
    with asking(root):
        found = find_candidates(root, settings, known={*known, *read_asked(root)})
        items = _chosen(found, settings)
        if items:
            _write(items, write, out=out, classes=classes or _answers(found))
            note_asked(root, tuple(_asked(item, now_unix_s) for item in items))
    return Queue(
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


def _chosen(found: Candidates, settings: QueueConfig) -> tuple[QueueItem, ...]:
    uncertainty = uncertainties(found.scores, settings.uncertainty)
    new = ~found.asked
    rows = found.rows[new].reset_index(drop=True)
    order = choose(
        found.features[new],
        uncertainty[new],
        count=settings.count,
        before=found.features[~new],
    )
    confidence = found.scores[new].max(axis=1, initial=0.0)
    return tuple(
        QueueItem(
            picture=rows["picture"][row],
            sha256=str(rows["picture_sha256"][row]),
            time_unix_s=float(rows["time_unix_s"][row]),
            version=int(rows["version"][row]),
            suggestion=str(rows["decision"][row] or ""),
            confidence=float(confidence[row]) if confidence[row] == confidence[row] else 0.0,
            uncertainty=float(uncertainty[new][row]),
            group=str(rows["group"][row] or ""),
            line=str(rows["line"][row] or ""),
            camera=str(rows["camera"][row] or ""),
        )
        for row in order
    )


def _answers(found: Candidates) -> tuple[str, ...]:
    return tuple(sorted({str(answer) for answer in found.rows["decision"] if answer}))


def _write(
    items: tuple[QueueItem, ...],
    write: Callable[..., None],
    *,
    out: Path,
    classes: tuple[str, ...],
) -> None:
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        write(items, out=partial, classes=classes)
    except FileNotFoundError as error:
        # The gateway's reservoir makes room for newer pictures at any time.
        shutil.rmtree(partial, ignore_errors=True)
        raise DataError(
            expected(
                "the log's pictures to stay while they are copied",
                received=f"'{error.filename}' gone",
                do="run again; nothing was noted as asked",
            )
        ) from None
    partial.rename(out)


def _asked(item: QueueItem, now_unix_s: float) -> Asked:
    return Asked(
        sha256=item.sha256,
        asked_unix_s=now_unix_s,
        time_unix_s=item.time_unix_s,
        version=item.version,
        suggestion=item.suggestion,
        group=item.group,
        line=item.line,
        camera=item.camera,
    )
