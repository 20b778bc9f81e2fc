"""DecisionHistory: what was decided, and which runs it started. Lies beside the versions.

<base path>/<model name>/decisions/
├── decisions.jsonl    a line a look
├── runs/<key>.json    one file a run that was started; whoever makes it starts the run
└── asked/<key>.json   the same for questions, so that people are asked once a period

`.decisions.lock` beside it is held while somebody reads, decides and claims.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from components.common import config, files
from components.common.artifacts.model_folder import passport_numbers
from components.common.artifacts.monitoring.drift_report import Word
from components.common.artifacts.passport import read_passport
from components.common.artifacts.records import read_record, record_bytes

DECISIONS = "decisions"

Kind = Literal["runs", "asked"]


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
        """Hold the lock for the block.

        Raises:
            GraftError: another monitor held it all the time, or the folder cannot be written.
        """
        with files.explained(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
        with files.locked(self._root, holder="another monitor", timeout_s=timeout_s):
            yield

    @property
    def last_run_unix_s(self) -> float | None:
        """When the newest retraining was claimed; None before the first."""
        claims = (read_record(path, Claim) for path in (self._root / "runs").glob("*.json"))
        return max((claim.time_unix_s for claim in claims), default=None)

    def append(self, entry: HistoryEntry) -> None:
        """Add a look; it is on the disk when this returns. The caller holds the lock."""
        with files.explained(self._root):
            files.append_lines(self._root / "decisions.jsonl", config.to_json(entry) + "\n")

    def claim(self, kind: Kind, claim: Claim) -> Claim:
        """Take a key, once for all; return the claim that holds: this one, or the first.

        The file appears whole and synced, or not at all, also when two machines try at once.
        """
        folder = self._root / kind
        target = folder / f"{claim.key}.json"
        with files.explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
            first = files.create(target, record_bytes(claim))
        return claim if first else read_record(target, Claim)

    def runs_unix_s(self, *, except_run: str = "") -> tuple[float, ...]:
        """Return when runs of this model started, oldest first.

        Those that a monitor claimed, and those that people started and that gave a version.

        Args:
            except_run: leave out this one, so that a retried step sees what it saw before.
        """
        claims = [read_record(path, Claim) for path in (self._root / "runs").glob("*.json")]
        times = [claim.time_unix_s for claim in claims if claim.run_id != except_run]
        claimed = {claim.run_id for claim in claims}
        for version in passport_numbers(self._model_dir):
            passport = read_passport(self._model_dir, version)
            if passport is not None and passport.run_id not in claimed:
                times.append(passport.created_unix_s)
        return tuple(sorted(times))
