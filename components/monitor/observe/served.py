"""ServedVersion: the version that is watched, its reference, and the labels that came in since."""

import csv
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.model_folder import newest_version, reference_path
from components.common.artifacts.monitoring.reference import Reference
from components.common.artifacts.passport import Passport, read_passport
from components.common.errors import DataError, InputError


@dataclass(frozen=True, kw_only=True)
class ServedVersion:
    """The newest version of a model. `passport` is None for one that Graft did not publish."""

    model_dir: Path
    version: int
    passport: Passport | None

    @property
    def path(self) -> Path:
        """The version's SavedModel."""
        return self.model_dir / str(self.version)

    @property
    def published_unix_s(self) -> float:
        """When it became the newest: it was put in place, or a newer one was taken back."""
        moved = [self.path, *self.model_dir.glob(".retired-*")]
        return max(path.stat().st_ctime for path in moved)


def find_served(model_dir: Path) -> ServedVersion:
    """Return the version that a server prefers.

    Args:
        model_dir: `<base path>/<model name>`.

    Raises:
        DataError: nothing is published.
    """
    newest = newest_version(model_dir)
    if newest is None:
        raise DataError(
            f"a published version of {model_dir.name} in {model_dir}",
            received="none",
            do="publish one with `graft run`, or correct model_name and model_base_path",
        )
    passport = read_passport(model_dir, newest.number)
    return ServedVersion(model_dir=model_dir, version=newest.number, passport=passport)


def find_reference(served: ServedVersion) -> tuple[Reference | None, str]:
    """Return the reference that was made with the version, or None and why; never makes one."""
    root = reference_path(served.model_dir, served.version)
    if not root.is_dir():
        return (
            None,
            f"Version {served.version} has no reference in {root}, so nothing can be compared; "
            "publish a version with this release of Graft, which keeps one.",
        )
    try:
        found = Reference.read(root)
    except (OSError, InputError, ValueError) as error:
        return None, f"The reference in {root} cannot be read: {error}."
    passport = served.passport
    if passport is not None and passport.model_sha256 != found.info.model_sha256:
        return (
            None,
            f"The reference in {root} was made with another model than version {served.version} "
            "holds; put back the one that came with the version.",
        )
    return found, ""


def count_new_labels(additions: str, served: ServedVersion) -> int:
    """Return how many pictures were labelled after the data of the version were read.

    Args:
        additions: the table's path; "" or a file that is not there counts none.
        served: the version; without a passport every addition counts.

    Raises:
        DataError: the table lacks its columns.
    """
    path = Path(additions)
    if not additions or not path.is_file():
        return 0
    since = served.passport.trained_unix_s if served.passport else 0.0
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
            return len({row["sha256"] for row in rows if float(row["added_unix_s"]) > since})
    except (KeyError, ValueError, TypeError) as error:
        raise DataError(
            f"the columns sha256 and added_unix_s in {path}",
            received=repr(error),
            do="let `graft data add` write the table",
        ) from error
