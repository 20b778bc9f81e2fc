"""Walk from a served version back to its pictures, and say where a link is missing."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from components.common.artifacts.lineage import (
    Lineage,
    Link,
    read_lineage,
    read_pictures,
    read_provenance,
)
from components.common.artifacts.model_folder import lineage_path, passport_numbers, versions
from components.common.artifacts.passport import Passport, read_passport
from components.common.artifacts.records import tree_sha256
from components.common.errors import InputError

READS_PICTURES = "ingest"


@dataclass(frozen=True, kw_only=True)
class LineageStep:
    """One artifact on the way back.

    `role` is the reader's name for it. `link` is None where the record is missing: then only the
    digest is known. `at_hand` says whether the artifact still lies at its uri as it was.
    """

    role: str
    sha256: str
    link: Link | None
    at_hand: bool
    inputs: tuple["LineageStep", ...] = ()


@dataclass(frozen=True, kw_only=True)
class VersionHistory:
    """A version, its artifacts and its pictures.

    missing: the gaps in the records, and what is not what was recorded, as sentences.
    gone: what is recorded but no longer lies where it was written.
    """

    model_name: str
    version: int
    path: str
    model_sha256: str
    passport: Passport | None
    steps: tuple[LineageStep, ...]
    pictures: pd.DataFrame | None
    missing: tuple[str, ...]
    gone: tuple[str, ...]


def history(model_dir: Path, version: int, *, verify: bool = False) -> VersionHistory:
    """Return where a version comes from, as far as its records go.

    Args:
        model_dir: `<base path>/<model name>`.
        version: the version's number.
        verify: hash every artifact that is still there, instead of believing its record.

    Raises:
        InputError: nothing is known of such a version.
    """
    folder = model_dir / str(version)
    passport = read_passport(model_dir, version)
    if passport is None and not folder.is_dir() and not lineage_path(model_dir, version).is_dir():
        numbers = {*passport_numbers(model_dir), *(one.number for one in versions(model_dir))}
        raise InputError(
            f"a version among {', '.join(map(str, sorted(numbers))) or 'none'} in {model_dir}",
            received=version,
            do="name one of them, or check --model-name and --model-base-path",
        )
    missing = [] if passport else [f"version {version} has no passport"]
    lineage = _lineage(model_dir, version, missing)
    digest = passport.model_sha256 if passport else (lineage.model_sha256 if lineage else "")
    if folder.is_dir() and digest and tree_sha256(folder) != digest:
        missing.append(f"the files in {folder} are not those that were published")
    walk = _Walk({link.sha256: link for link in lineage.links} if lineage else {}, verify)
    roots = lineage.roots if lineage else {}
    # The model first; what it was judged by after it.
    roles = sorted(roots, key=lambda role: role != "exported")
    steps = tuple(walk.step(role, roots[role]) for role in roles)
    pictures = read_pictures(model_dir, version)
    if lineage and pictures is None:
        missing.append(f"the list of its pictures in {lineage_path(model_dir, version)} is missing")
    if lineage and not any(x.producer == READS_PICTURES for x in lineage.links):
        missing.append("no record of the step that read the pictures")
    return VersionHistory(
        model_name=model_dir.name,
        version=version,
        path=str(folder),
        model_sha256=digest,
        passport=passport,
        steps=steps,
        pictures=pictures,
        missing=(*missing, *dict.fromkeys(walk.missing)),
        gone=(*(() if folder.is_dir() else (str(folder),)), *walk.gone),
    )


class _Walk:
    """Follows inputs by their digests."""

    def __init__(self, links: dict[str, Link], verify: bool) -> None:
        self._links = links
        self._verify = verify
        self._there: dict[str, bool] = {}
        self.missing: list[str] = []
        self.gone: list[str] = []

    def step(self, role: str, sha256: str) -> LineageStep:
        """Return an artifact and what it was made from."""
        link = self._links.get(sha256)
        if link is None:
            self.missing.append(f"no record of '{role}' with the digest {sha256[:12]}")
            return LineageStep(role=role, sha256=sha256, link=None, at_hand=False)
        return LineageStep(
            role=role,
            sha256=sha256,
            link=link,
            at_hand=self._at_hand(link),
            inputs=tuple(self.step(name, digest) for name, digest in link.inputs.items()),
        )

    def _at_hand(self, link: Link) -> bool:
        if link.sha256 not in self._there:
            self._there[link.sha256] = self._look(link)
        return self._there[link.sha256]

    def _look(self, link: Link) -> bool:
        if "://" in link.uri:
            return False
        known = read_provenance(Path(link.uri))
        if known is None:
            self.gone.append(link.uri)
            return False
        found = tree_sha256(Path(link.uri)) if self._verify else known.content_sha256
        if found != link.sha256:
            self.missing.append(f"{link.producer}.{link.name} at {link.uri} holds other contents")
        return found == link.sha256


def plain(history: VersionHistory) -> dict[str, object]:
    """Return a history as plain data for JSON; with the hash of every picture."""
    pictures, passport = history.pictures, history.passport
    known = ("model_name", "version", "path", "model_sha256")
    page = ("run_id", "commit", "data_sha256", "state")
    return {
        **{name: getattr(history, name) for name in known},
        **{name: getattr(passport, name, "") for name in page},
        "artifacts": [dataclasses.asdict(step) for step in history.steps],
        "pictures": None if pictures is None else pictures.to_dict(orient="records"),
        "missing": list(history.missing),
        "gone": list(history.gone),
    }


def _lineage(model_dir: Path, version: int, missing: list[str]) -> Lineage | None:
    try:
        found = read_lineage(model_dir, version)
    except (ValueError, OSError) as error:
        missing.append(f"the record in {lineage_path(model_dir, version)} is damaged: {error}")
        return None
    if found is None:
        missing.append(
            f"nothing was recorded in {lineage_path(model_dir, version)}: the version was "
            "published by other means, or before lineage was kept"
        )
    return found
