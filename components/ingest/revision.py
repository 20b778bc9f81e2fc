"""A data set by the hash under which DVC keeps it, fetched from DVC's remote without git or DVC.

A container has neither a checkout nor DVC. What a remote (and DVC's own cache) holds is simple:

    <remote>/files/md5/<first two>/<rest>.dir   JSON: [{"md5": ..., "relpath": ...}, ...]
    <remote>/files/md5/<first two>/<rest>       a file by the MD5 of its bytes
"""

import contextlib
import dataclasses
import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from components.common.errors import ConfigError, DataError, first_line, some
from components.common.progress import mapped
from components.ingest.config import IngestConfig

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

Listing = dict[str, str]
"""Path inside the data set (POSIX) -> MD5 of the file."""


@contextlib.contextmanager
def at_hand(settings: IngestConfig, *, near: Path | None = None) -> Iterator[IngestConfig]:
    """Yield settings whose `path` can be read; what is fetched for them is gone after the block.

    Each run has a copy of its own, so that two at once neither wait for nor disturb each other.

    Args:
        settings: as they are, where they name no revision.
        near: a folder on the volume to fetch to; the system's temporary one without it.

    Raises:
        ConfigError: `data_remote` is missing or no address.
        DataError: the remote does not hold the revision, or other bytes than it names.
    """
    if not settings.data_rev:
        yield settings
        return
    if near is not None:
        near.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".revision-", dir=near) as folder:
        inside = PurePosixPath(settings.path or ".")
        Remote.at(settings.data_remote).fetch(settings.data_rev, Path(folder), below=inside)
        place = Path(folder) / inside
        name = settings.name or (place.name if inside.parts else settings.data_rev[:12])
        yield dataclasses.replace(settings, path=str(place), name=name, data_rev="", data_remote="")


@dataclass(frozen=True)
class Remote:
    """Where DVC keeps files by their MD5: a folder, a bucket, or DVC's cache."""

    address: str
    system: "FileSystem"
    root: str

    @classmethod
    def at(cls, address: str) -> "Remote":
        """Open a remote: a folder, or an address that Arrow knows ("s3://bucket/prefix", "gs://").

        Credentials and the endpoint come from the environment, as for every client of the store
        (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, ...).

        Raises:
            ConfigError: it is empty or no address.
        """
        from pyarrow.fs import FileSystem

        if not address:
            raise ConfigError(
                "ingest.data_remote to say where ingest.data_rev is fetched from",
                received="nothing",
                do="set it to the address of the DVC remote ('dvc remote list')",
            )
        place = address if "://" in address else str(Path(address).expanduser().resolve())
        try:
            system, root = FileSystem.from_uri(place)
        except (OSError, ValueError) as error:
            raise ConfigError(
                "ingest.data_remote to be a folder or an address like s3://bucket/prefix",
                received=f"'{address}' ({first_line(error)})",
                do="correct it",
            ) from None
        return cls(address, system, root.rstrip("/"))

    def listing(self, revision: str) -> Listing:
        """Return the files of a revision.

        Raises:
            DataError: it is not there, or names files outside of the data set.
        """
        digest = revision.removesuffix(".dir")
        content = self._read(f"{digest}.dir", digest)
        try:
            files = {str(row["relpath"]): str(row["md5"]) for row in json.loads(content)}
        except (ValueError, KeyError, TypeError) as error:
            raise self._error(f"the listing of {revision}", f"a damaged one ({error})") from None
        outside = [name for name in files if not _is_inside(name)]
        if outside:
            received = f"{len(outside)} outside of it ({some(map(ascii, outside))})"
            raise self._error(f"files inside the data set {revision}", received)
        return files

    def fetch(self, revision: str, out: Path, *, below: PurePosixPath) -> None:
        """Write the files of a revision to the folder `out`.

        Args:
            revision: the hash in the `.dvc` file, with or without ".dir".
            out: an empty folder.
            below: only what lies at or below this path; beside a manifest, what lies there.

        Raises:
            DataError: as `listing`; nothing is there, or a file has other bytes than its MD5 says.
        """
        files = self.listing(revision)
        wanted = below.parent if below.suffix == ".csv" else below
        chosen = [name for name in files if PurePosixPath(name).is_relative_to(wanted)]
        if not chosen:
            raise DataError(
                f"ingest.path to lie inside the data set {revision}",
                received=f"'{below}', below which there is no file",
                do="give the path as it is inside the folder that DVC pins",
            )

        def write(name: str) -> None:
            target = out / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self._read(files[name], files[name]))

        mapped(write, chosen, "fetching the data")

    def _read(self, name: str, digest: str) -> bytes:
        path = f"{self.root}/files/md5/{name[:2]}/{name[2:]}"
        try:
            with self.system.open_input_stream(path) as stream:
                content: bytes = stream.read()
        except OSError as error:
            raise self._error(f"the object {name}", first_line(error)) from None
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != digest:
            raise self._error(f"the bytes of {digest}", "others")
        return content

    def _error(self, what: str, received: str) -> DataError:
        do = "correct ingest.data_rev and ingest.data_remote, or 'dvc push' the data set there"
        return DataError(f"{what} in the DVC remote {self.address}", received=received, do=do)


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts
