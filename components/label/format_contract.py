"""What every format writes and reads: pictures that go out to people, labels that come back."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.labelled_picture import LabelledPicture
from components.common.errors import DataError


@dataclass(frozen=True, kw_only=True)
class QueueItem:
    """A picture that a person shall look at.

    picture: where it lies; `sha256` is that of its bytes.
    suggestion: the model's answer, "" if it gave none.
    confidence: the largest score, in [0, 1]; 0 without scores.
    uncertainty: in [0, 1]; 1 where the model cannot decide.
    """

    picture: Path
    sha256: str
    time_unix_s: float
    version: int
    suggestion: str
    confidence: float
    uncertainty: float
    group: str = ""
    line: str = ""
    camera: str = ""

    @property
    def name(self) -> str:
        """The picture's name in whatever goes out."""
        return f"{self.sha256}{self.picture.suffix}"


@dataclass(frozen=True, kw_only=True)
class ReturnedLabels:
    """What came back: the labelled pictures, how many are not labelled yet, and what is wrong.

    problems: one sentence a picture that cannot be taken.
    """

    labelled: tuple[LabelledPicture, ...]
    unlabelled: int = 0
    problems: tuple[str, ...] = ()


def first_file(paths: Iterable[Path]) -> Path | None:
    """Return the first that is a file."""
    return next((path for path in paths if path.is_file()), None)


def unreadable(path: Path, *, want: str, received: object, do: str) -> DataError:
    """Return the error for an answer that is not what it should be."""
    return DataError(f"{path} to be {want}", received=received, do=do)
