"""What a source hands over: one record a picture, and what holds for all of them."""

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from components.common.errors import ConfigError, DataError, some

_SOUNDS_POSITIVE = re.compile(
    r"^(defect|bad|ng$|nok|not[ _-]?ok|positive|abnormal|anomal|fault|fail|broken|crack"
    r"|damage|reject|scrap|disease|yes$|true$|1$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class PictureRecord:
    """One picture as its source describes it.

    `file` is where it is read from and `name` its name in the Dataset, with "/" between parts.
    `soft_label` is the probability of the positive class in [0, 1], NaN when not annotated.
    `further` holds what else the source says of it, by column: parts that evaluate looks at.
    `group` "" means: a group of its own, which validate names. `split` "" means: validate decides.
    """

    file: Path
    name: str
    label: str
    soft_label: float = math.nan
    domain: str = ""
    group: str = ""
    split: str = ""
    weight: float = 1.0
    further: dict[str, str] = field(default_factory=dict)

    def read(self) -> bytes:
        """Return the picture's encoded bytes."""
        return self.file.read_bytes()


@dataclass(frozen=True, kw_only=True)
class SourceData:
    """All pictures of a source. With two classes the positive one stands last.

    unlabelled: pictures whose `label` is "", where they are asked for.
    """

    name: str
    classes: tuple[str, ...]
    pictures: tuple[PictureRecord, ...]
    unlabelled: tuple[PictureRecord, ...] = ()
    licence: str = ""
    groups_inferred: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The further columns, in the order in which they appear."""
        every = (*self.pictures, *self.unlabelled)
        return tuple(dict.fromkeys(name for one in every for name in one.further))

    @property
    def positive(self) -> str:
        """The positive class; "" with three or more."""
        return self.classes[-1] if len(self.classes) == 2 else ""


def ordered_classes(labels: Iterable[str], positive: str, *, where: Path) -> tuple[str, ...]:
    """Return the classes: alphabetical, but with two classes the positive one last.

    Args:
        labels: the label of each picture, repeats allowed.
        positive: the class asked for in the settings, or "".
        where: the source's path, for messages.

    Raises:
        DataError: there are fewer than two classes, a name cannot be printed, or two look
            alike.
        ConfigError: `positive` is not one of the classes.
    """
    classes = sorted(set(labels))
    if len(classes) < 2:
        raise DataError(
            f"pictures of at least two classes in {where}",
            received=f"only '{classes[0]}'" if classes else "no picture",
            do="add the pictures of another class; where no defect is known yet, make some on "
            "purpose: without any no model can be judged",
        )
    odd = [name for name in classes if not name.isprintable() or not name.strip()]
    if odd:
        raise DataError(
            f"class names of printable characters in {where}",
            received=some(ascii(name) for name in odd),
            do="rename the class",
        )
    _check_alike(classes, where)
    if positive and positive not in classes:
        raise ConfigError(
            f"ingest.positive to be one of the classes {', '.join(classes)}",
            received=f"'{positive}'",
            do="correct the setting",
        )
    if len(classes) > 2:
        return tuple(classes)
    last = positive or _likely_positive(classes)
    return (next(name for name in classes if name != last), last)


def _check_alike(classes: Sequence[str], where: Path) -> None:
    """Refuse names that differ only by case, outer spaces or how an accent is encoded.

    Mostly one class that was written in two ways; and not every file system tells them apart.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for name in classes:
        alike[unicodedata.normalize("NFC", name).strip().casefold()].append(name)
    twice = [names for names in alike.values() if len(names) > 1]
    if twice:
        raise DataError(
            f"class names that differ by more than case and spaces in {where}",
            received=some(" and ".join(map(ascii, names)) for names in twice),
            do="give one class one name, or two classes names of their own",
        )


def _likely_positive(classes: list[str]) -> str:
    sounding = [name for name in classes if _SOUNDS_POSITIVE.match(name)]
    return sounding[0] if len(sounding) == 1 else classes[-1]


def existing_path(path: str, *, source: str) -> Path:
    """Return the source's path.

    Raises:
        ConfigError: none is set.
        DataError: nothing is there.
    """
    if not path:
        raise ConfigError(
            f"ingest.path to say where source '{source}' reads",
            received="nothing",
            do="set it, or type 'graft run FOLDER'",
        )
    place = Path(path).expanduser()
    if not place.exists():
        raise DataError(
            f"pictures at {place.absolute()}",
            received="nothing there",
            do="correct the path (the demo's come with 'make data', in a clone of Graft)",
        )
    return place


def is_there(path: Path) -> bool:
    """Return whether a path is that of a file, also for names that no file can have."""
    try:
        return path.is_file()
    except OSError:  # longer than any file's name
        return False
