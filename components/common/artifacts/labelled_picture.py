"""A picture with the label that a person gave it: on its way from a label queue to a data set."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class LabelledPicture:
    """`group` and `domain` are "" where nobody said them.

    `origin` says how the label came: the format's name ("folder", "csv", "label_studio"), or
    "console". `by` is who gave it, where that is another person than who takes it in.
    """

    file: Path
    label: str
    group: str = ""
    domain: str = ""
    origin: str = ""
    by: str = ""
