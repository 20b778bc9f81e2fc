"""`--format folder`: a person moves each picture into the folder of its class.

queue/
  to-label/   <sha256>.png ...
  good/
  bad/
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from components.common.artifacts.labelled_picture import LabelledPicture
from components.common.pictures.folders import pictures_below
from components.label.format_contract import QueueItem, ReturnedLabels, unreadable

TO_LABEL = "to-label"


def write(  # all formats alike
    items: Sequence[QueueItem],
    *,
    out: Path,
    queue: str,  # noqa: ARG001
    classes: tuple[str, ...],
) -> None:
    """Write the pictures and an empty folder for each class."""
    for name in (TO_LABEL, *classes):
        (out / name).mkdir(parents=True)
    for rank, item in enumerate(items, start=1):
        # A file browser shows the most wanted first.
        shutil.copyfile(item.picture, out / TO_LABEL / f"{rank:02d}-{item.name}")


def read(path: Path, *, places: Sequence[Path]) -> ReturnedLabels:  # noqa: ARG001 - all formats alike
    """Return the pictures that lie in a class folder.

    Raises:
        DataError: `path` is no folder of folders, or one cannot be read as `pictures_below` says.
    """
    folders = sorted(
        child for child in path.glob("*") if child.is_dir() and not child.name.startswith(".")
    )
    if not folders:
        raise unreadable(
            path,
            want="a folder with one sub-folder a class",
            received="no sub-folder",
            do="put each picture into the folder of its class",
        )
    found = {folder.name: pictures_below(folder) for folder in folders}
    waiting = found.pop(TO_LABEL, [])
    labelled = tuple(
        LabelledPicture(file=picture, label=label) for label in found for picture in found[label]
    )
    return ReturnedLabels(labelled=labelled, unlabelled=len(waiting))
