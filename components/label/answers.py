"""What people answered at the labelling desk: one line an answer, appended and flushed.

Nothing is ever changed in the file: who takes an answer back, decides between two people or hands
in adds a line. What holds now is read off by going through the lines.
"""

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from components.common import config
from components.common.files import append_lines

Kind = Literal["label", "unsure", "undo", "decide", "handed"]


@dataclass(frozen=True, kw_only=True)
class LabelAnswer:
    """One line: who did what about which picture, and when.

    kind: `label` says `label`; `unsure` says nothing; `undo` takes this person's answer back;
        `decide` settles what people answered differently; `handed` is in the data set.
    """

    sha256: str
    kind: Kind
    by: str
    at_unix_s: float
    label: str = ""


@dataclass
class PictureAnswers:
    """What holds of one picture.

    labels: what each person says, the first one first. unsure: who cannot say.
    decided: what was decided where they differ. handed: it is in the data set.
    """

    labels: dict[str, LabelAnswer] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    decided: LabelAnswer | None = None
    handed: bool = False

    @property
    def in_conflict(self) -> bool:
        """Whether people say different things and nobody has decided."""
        return self.decided is None and len({one.label for one in self.labels.values()}) > 1

    @property
    def holds(self) -> LabelAnswer | None:
        """The answer that counts; None without one, or while people differ."""
        if self.decided is not None or self.in_conflict:
            return self.decided
        return next(iter(self.labels.values()), None)


class AnswerBook:
    """The answers in one file. Readable at any time; who writes holds a lock."""

    def __init__(self, path: Path) -> None:
        """Open the book; nothing is made before it is needed."""
        self._path = path
        self._read_bytes = 0
        self._pictures: dict[str, PictureAnswers] = {}
        self._done: dict[str, list[str]] = {}

    def pictures(self) -> dict[str, PictureAnswers]:
        """Return what holds of each picture that anybody has said something about, by SHA-256."""
        self._catch_up()
        return self._pictures

    def of(self, sha256: str) -> PictureAnswers:
        """Return what holds of one picture."""
        return self.pictures().get(sha256, PictureAnswers())

    def last_of(self, by: str) -> str:
        """Return the picture that a person answered last and can take back; "" for none."""
        self._catch_up()
        mine = self._done.get(by, [])
        return next((one for one in reversed(mine) if not self._pictures[one].handed), "")

    def write(self, *answers: LabelAnswer) -> None:
        """Add lines; they are on the disk when this returns."""
        append_lines(self._path, "".join(f"{config.to_json(one)}\n" for one in answers))
        self._catch_up()

    def _catch_up(self) -> None:
        """Read what was added since, by this process or another."""
        if not self._path.is_file() or self._path.stat().st_size <= self._read_bytes:
            return
        with self._path.open("rb") as stream:
            stream.seek(self._read_bytes)
            whole, end, _ = stream.read().rpartition(b"\n")
        self._read_bytes += len(whole) + len(end)
        for line in whole.splitlines():
            # A crash may have cut one off.
            with contextlib.suppress(ValueError):
                self._take(config.from_json(LabelAnswer, line.decode()))

    def _take(self, one: LabelAnswer) -> None:
        picture = self._pictures.setdefault(one.sha256, PictureAnswers())
        mine = self._done.setdefault(one.by, [])
        if one.kind == "label":
            picture.labels.setdefault(one.by, one)
            picture.unsure.discard(one.by)
            mine.append(one.sha256)
        elif one.kind == "unsure":
            picture.unsure.add(one.by)
            mine.append(one.sha256)
        elif one.kind == "undo":
            picture.labels.pop(one.by, None)
            picture.unsure.discard(one.by)
            mine[:] = [sha256 for sha256 in mine if sha256 != one.sha256]
            # What was decided between two answers falls with one of them.
            picture.decided = None
        elif one.kind == "decide":
            picture.decided = one
        else:
            picture.handed = True
