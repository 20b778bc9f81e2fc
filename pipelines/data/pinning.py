"""The `.dvc` file that pins a data set, where there is one, and its update after an addition."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from pipelines.data import tracking


@dataclass(frozen=True, kw_only=True)
class Pin:
    """A `.dvc` file. `name` is its path below `project_root`; `folder` is what it pins."""

    project_root: Path
    name: str
    folder: Path


def find_pin(dataset: Path) -> Pin | None:
    """Return the `.dvc` file that pins a folder or one above it; None where there is none."""
    dataset = dataset.resolve()
    above = [dataset, *dataset.parents]
    root = next((folder for folder in above if (folder / ".dvc").is_dir()), None)
    if root is None:
        return None
    pins = (pin for folder in above[: above.index(root) + 1] for pin in _pins(root, folder))
    return next((pin for pin in pins if dataset.is_relative_to(pin.folder)), None)


def other_changes(pin: Pin, ours: Path) -> str:
    """Return what differs from the pin besides a file or folder, in words; "" if nothing does."""
    actual = tracking.listing(pin.folder)
    if tracking.listing_md5(actual) == tracking.pinned_md5(pin.project_root, pin.name):
        return ""
    pinned = tracking.pinned_listing(pin.project_root, pin.name)
    if pinned is None:
        return "files; which ones is unknown, since DVC's cache is empty"
    own = ours.resolve().relative_to(pin.folder)
    old = {path: md5 for path, md5 in pinned.items() if not Path(path).is_relative_to(own)}
    new = {path: md5 for path, md5 in actual.items() if not Path(path).is_relative_to(own)}
    return str(tracking.compare(new, old))


def is_current(pin: Pin) -> bool:
    """Return whether the folder is what the file pins."""
    actual = tracking.listing_md5(tracking.listing(pin.folder))
    return actual == tracking.pinned_md5(pin.project_root, pin.name)


def _pins(root: Path, folder: Path) -> Iterator[Pin]:
    for file in sorted(folder.glob("*.dvc")):
        if not file.is_file():
            continue
        try:
            record = yaml.safe_load(file.read_text())
            place = folder / record.get("wdir", ".") / record["outs"][0]["path"]
        except (OSError, yaml.YAMLError, KeyError, IndexError, TypeError, AttributeError):
            continue
        name = file.relative_to(root).as_posix()
        yield Pin(project_root=root, name=name, folder=place.resolve())
