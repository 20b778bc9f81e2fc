"""The labelling desk: a queue of pictures that several people answer, one picture at a time.

<log>/<model>/labelling/
├── queues/<name>/       a queue as `--format csv` writes it: the pictures are copies
├── leases/<sha256>.json a Claim: who is looking at a picture at the moment
└── answers.jsonl        see `answers`

`.labelling.lock` beside it is held while somebody takes a picture or answers.
"""

import contextlib
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from components.common.artifacts.labelled_picture import LabelledPicture
from components.common.artifacts.monitoring import claims
from components.common.artifacts.monitoring.claims import Claim
from components.common.errors import DataError
from components.common.files import explained, locked
from components.label.answers import AnswerBook, LabelAnswer, PictureAnswers
from components.label.formats.csv import WaitingPicture, waiting

FOLDER = "labelling"
ORIGIN = "console"
# Long enough for a look at the part itself; after that somebody else may have the picture.
LEASE_S = 600.0

Outcome = Literal["counted", "again", "agrees", "conflict", "handed", "unknown"]


@dataclass(frozen=True, kw_only=True)
class DeskReply:
    """What became of an answer.

    outcome: `counted`, the first one; `again`, this person has answered already, which stands;
        `agrees`, somebody else had said the same; `conflict`, somebody else says otherwise: both
        are kept; `handed`, the picture is in the data set by now; `unknown`, no such picture.
    first: the answer that was there before; None where there was none.
    """

    outcome: Outcome
    first: LabelAnswer | None = None


@dataclass(frozen=True, kw_only=True)
class DeskCounts:
    """How many pictures wait for this person, and what became of the others."""

    waiting: int
    labelled: int
    unsure: int
    conflicts: int
    handed: int


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """A picture that people call by different names, the first answer first."""

    picture: WaitingPicture
    answers: tuple[LabelAnswer, ...]


class Desk:
    """One model's desk. Safe among threads and processes."""

    def __init__(self, log: Path) -> None:
        """Open the desk beside a model's log; nothing is made before it is needed."""
        self._root = log / FOLDER
        self._book = AnswerBook(self._root / "answers.jsonl")
        self._pictures: dict[str, WaitingPicture] = {}
        self._queues: set[str] = set()
        self._mine = threading.RLock()

    def new_queue(self) -> Path:
        """Return the folder that the next queue is to be written to, in the format csv."""
        return self._root / "queues" / f"{time.time_ns():020d}"

    def picture(self, sha256: str) -> WaitingPicture | None:
        """Return a picture of any queue, None where there is none of this SHA-256."""
        with self._mine:
            return self._all().get(sha256)

    def take(self, by: str, *, first: str = "", count: int = 2) -> tuple[WaitingPicture, ...]:
        """Lease the next pictures to a person: to look at, and to load meanwhile.

        Args:
            by: the person.
            first: SHA-256 of a picture that comes before the others, if it is to be had.
            count: how many at most.

        Raises:
            GraftError: the folder cannot be written.
        """
        found: list[WaitingPicture] = []
        with self._held():
            for one in self._open(by, first):
                if self._lease(one.sha256, by):
                    found.append(one)
                if len(found) == count:
                    break
        return tuple(found)

    def answer(self, sha256: str, *, by: str, label: str = "") -> DeskReply:
        """Take down what a person says; it is on the disk when this returns.

        Args:
            sha256: the picture.
            by: the person.
            label: a class; "" where the person is not sure.

        Raises:
            GraftError: the folder cannot be written.
        """
        with self._held():
            if sha256 not in self._all():
                return DeskReply(outcome="unknown")
            known = self._book.of(sha256)
            first = next(iter(known.labels.values()), None)
            if known.handed:
                return DeskReply(outcome="handed", first=known.holds)
            if by in known.labels:
                return DeskReply(outcome="again", first=known.labels[by])
            if not label and by in known.unsure:
                return DeskReply(outcome="again")
            kind: Literal["label", "unsure"] = "label" if label else "unsure"
            self._write(sha256, kind, by, label)
            self._lease_path(sha256).unlink(missing_ok=True)
        if first is None or not label:
            return DeskReply(outcome="counted")
        return DeskReply(outcome="agrees" if first.label == label else "conflict", first=first)

    def undo(self, by: str) -> str:
        """Take a person's last answer back and return the picture; "" where there is none."""
        with self._held():
            sha256 = self._book.last_of(by)
            if sha256:
                self._write(sha256, "undo", by, "")
        return sha256

    def decide(self, sha256: str, *, by: str, label: str) -> None:
        """Settle what people answered differently."""
        with self._held():
            if self._book.of(sha256).in_conflict:
                self._write(sha256, "decide", by, label)

    def conflicts(self) -> tuple[Conflict, ...]:
        """Return the pictures that somebody has to decide about."""
        with self._mine:
            pictures = self._all()
            return tuple(
                Conflict(picture=pictures[sha256], answers=tuple(one.labels.values()))
                for sha256, one in self._book.pictures().items()
                if one.in_conflict and sha256 in pictures
            )

    def counts(self, by: str) -> DeskCounts:
        """Return how far the work is."""
        with self._mine:
            known = self._book.pictures().values()
            return DeskCounts(
                waiting=sum(1 for _ in self._open(by)),
                labelled=sum(one.holds is not None and not one.handed for one in known),
                unsure=sum(bool(one.unsure) and not one.labels for one in known),
                conflicts=sum(one.in_conflict for one in known),
                handed=sum(one.handed for one in known),
            )

    def to_hand_in(self) -> tuple[LabelledPicture, ...]:
        """Return the answers that hold and are not in the data set yet, with who gave them."""
        with self._mine:
            pictures = self._all()
            return tuple(
                LabelledPicture(
                    file=pictures[sha256].file,
                    label=one.holds.label,
                    group=pictures[sha256].group,
                    domain=pictures[sha256].domain,
                    origin=ORIGIN,
                    by=one.holds.by,
                )
                for sha256, one in self._book.pictures().items()
                if one.holds is not None and not one.handed and sha256 in pictures
            )

    def handed_in(self, sha256s: Collection[str], *, by: str) -> None:
        """Note that pictures are in the data set, and remove the queues' copies of them."""
        now = time.time()
        lines = [LabelAnswer(sha256=one, kind="handed", by=by, at_unix_s=now) for one in sha256s]
        if lines:
            with self._held():
                self._book.write(*lines)
                # Of all that was ever handed in: somebody may have been killed before this line.
                handed = {name for name, one in self._book.pictures().items() if one.handed}
                for copy in (self._root / "queues").glob("*/pictures/*"):
                    if copy.stem in handed:
                        copy.unlink(missing_ok=True)

    def _open(self, by: str, first: str = "") -> Iterator[WaitingPicture]:
        """Yield what nobody has labelled and this person has not passed over."""
        pictures, known = self._all(), self._book.pictures()
        nothing = PictureAnswers()
        for sha256 in dict.fromkeys((first, *pictures)) if first in pictures else pictures:
            said = known.get(sha256, nothing)
            if not said.labels and by not in said.unsure:
                yield pictures[sha256]

    def _all(self) -> dict[str, WaitingPicture]:
        """Return the pictures of all queues, those of the oldest queue first."""
        queues = self._root / "queues"
        if queues.is_dir():
            # A queue appears by rename; its name in progress begins with a dot.
            for folder in sorted(queues.iterdir()):
                if folder.name not in self._queues and not folder.name.startswith("."):
                    for one in waiting(folder):
                        self._pictures.setdefault(one.sha256, one)
                    self._queues.add(folder.name)
        return self._pictures

    def _lease(self, sha256: str, by: str) -> bool:
        path = self._lease_path(sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        mine = Claim(key=sha256, run_id=by, time_unix_s=time.time())
        try:
            return claims.take(path, mine, lease_s=LEASE_S).run_id == by
        except DataError:
            path.unlink(missing_ok=True)
            return claims.take(path, mine, lease_s=LEASE_S).run_id == by

    def _lease_path(self, sha256: str) -> Path:
        return self._root / "leases" / f"{sha256}.json"

    def _write(
        self, sha256: str, kind: Literal["label", "unsure", "undo", "decide"], by: str, label: str
    ) -> None:
        self._book.write(
            LabelAnswer(sha256=sha256, kind=kind, by=by, at_unix_s=time.time(), label=label)
        )

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        with explained(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            with self._mine, locked(self._root, holder="another console", timeout_s=10.0):
                yield
