"""DecisionHistory: what was decided, and which runs it started. Lies beside the versions.

<base path>/<model name>/decisions/
├── decisions.jsonl    a line a look
├── runs/<key>.json    one file a run that was started; whoever makes it starts the run
├── told/<key>.json    the same for questions, so that people are asked once a period
└── .lock              held while somebody reads, decides and claims
"""

import contextlib
import fcntl
import json
import logging
import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from components.common import config
from components.common.artifacts.monitoring.drift_report import Word
from components.common.artifacts.passport import PASSPORTS, read_passport
from components.common.artifacts.records import read_record, write_record
from components.common.errors import GraftError, InputError, expected

LOG = logging.getLogger(__name__)

DECISIONS = "decisions"
_POLL_S = 0.1

Kind = Literal["runs", "told"]


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One look: when, by whom, what was decided and why. `loss_points` is None if not known."""

    time_unix_s: float
    run_id: str
    version: int
    word: Word
    reasons: tuple[str, ...]
    key: str
    loss_points: float | None = None
    report: str = ""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Who acts on a key, since when."""

    key: str
    run_id: str
    time_unix_s: float


class DecisionHistory:
    """The decisions about one model."""

    def __init__(self, model_dir: Path) -> None:
        """Open the history in a model's folder; nothing is made before it is needed."""
        self._model_dir = model_dir
        self._root = model_dir / DECISIONS

    @contextlib.contextmanager
    def deciding(self, *, timeout_s: float = 60.0) -> Iterator[None]:
        """Hold the lock for the block. The kernel lets go of it if the process dies.

        Raises:
            GraftError: another monitor held it all the time, or the folder cannot be written.
        """
        with _explained(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._root / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _acquire(descriptor, self._root, timeout_s)
            yield
        finally:
            os.close(descriptor)

    def append(self, entry: HistoryEntry) -> None:
        """Add a look; it is on the disk when this returns. The caller holds the lock."""
        line = config.to_json(entry).encode() + b"\n"
        with _explained(self._root), (self._root / "decisions.jsonl").open("a+b") as stream:
            # A line that a crash has cut short stays one bad line, and does not swallow this one.
            if stream.tell() and not _ends_whole(stream.fileno(), stream.tell()):
                line = b"\n" + line
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())

    def entries(self) -> tuple[HistoryEntry, ...]:
        """Read all looks, oldest first; lines that cannot be read are left out with a warning."""
        path = self._root / "decisions.jsonl"
        if not path.exists():
            return ()
        found = []
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
            try:
                found.append(config.from_json(HistoryEntry, line))
            except (json.JSONDecodeError, InputError, TypeError):
                if line.strip():
                    LOG.warning("line %d of %s cannot be read and is left out", number, path)
        return tuple(found)

    def claim(self, kind: Kind, claim: Claim) -> bool:
        """Take a key, once for all: whether it is now, or was before, this run's.

        The file appears whole and synced, or not at all, also when two machines try at once.
        """
        folder = self._root / kind
        target = folder / f"{claim.key}.json"
        partial = folder / f".{uuid.uuid4().hex}.partial"
        with _explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
            write_record(partial, claim)
            with partial.open("rb") as stream:
                os.fsync(stream.fileno())
            try:
                # Fails if the name exists, on network volumes as well.
                os.link(partial, target)
            except FileExistsError:
                return read_record(target, Claim).run_id == claim.run_id
            finally:
                partial.unlink()
            _sync_folder(folder)
        return True

    def owner(self, kind: Kind, key: str) -> Claim | None:
        """Return who took a key, None if nobody did."""
        path = self._root / kind / f"{key}.json"
        return read_record(path, Claim) if path.exists() else None

    def runs_unix_s(self, *, except_run: str = "") -> tuple[float, ...]:
        """Return when runs of this model started, oldest first.

        Those that a monitor claimed, and those that people started and that gave a version.

        Args:
            except_run: leave out this one, so that a retried step sees what it saw before.
        """
        claims = [read_record(path, Claim) for path in (self._root / "runs").glob("*.json")]
        times = [claim.time_unix_s for claim in claims if claim.run_id != except_run]
        claimed = {claim.run_id for claim in claims}
        for path in (self._model_dir / PASSPORTS).glob("*.json"):
            passport = read_passport(self._model_dir, int(path.stem)) if _is_number(path) else None
            if passport is not None and passport.run_id not in claimed:
                times.append(passport.created_unix_s)
        return tuple(sorted(times))


def _is_number(path: Path) -> bool:
    return path.stem.isdecimal()


def _ends_whole(descriptor: int, size: int) -> bool:
    return os.pread(descriptor, 1, size - 1) == b"\n"


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Some network volumes refuse to sync a folder; there is nothing more to be done there.
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, root: Path, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise GraftError(
                    expected(
                        f"{root} to be free within {timeout_s:g} s",
                        received="another monitor that is deciding there",
                        do="wait for it to end and look again",
                    )
                ) from None
            time.sleep(_POLL_S)
        else:
            return


@contextlib.contextmanager
def _explained(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GraftError(
            expected(
                f"to write below {root}",
                received=f"'{error}'",
                do="give this user the right to write there, or free some space",
            )
        ) from error
