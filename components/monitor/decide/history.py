"""DecisionHistory: what was decided, and which runs it started. Lies beside the versions.

<base path>/<model name>/decisions/
├── decisions.jsonl    a line a look
├── runs/<key>.json    one Claim a run that was started; whoever takes it starts the run
└── asked/<key>.json   the same for messages, so that people are notified once a period

`.decisions.lock` beside it is held while somebody reads, decides and claims.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from components.common import config, files
from components.common.artifacts.model_folder import passport_numbers
from components.common.artifacts.monitoring import claims
from components.common.artifacts.monitoring.claims import Claim
from components.common.artifacts.monitoring.drift_report import Word
from components.common.artifacts.passport import read_passport
from components.common.artifacts.records import read_record
from components.monitor.detect.answer_ranks import LookEvidence

DECISIONS = "decisions"

Kind = Literal["runs", "asked"]
# The exit step sends messages at once: an hour later it has, or never will.
_MESSAGE_LEASE_S = 3600.0
MOST_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One look: when, by whom, what was decided and why.

    `loss_points` is None if not known, `evidence` where the look had nothing to add.
    """

    time_unix_s: float
    run_id: str
    version: int
    word: Word
    reasons: tuple[str, ...]
    key: str
    loss_points: float | None = None
    evidence: LookEvidence | None = None


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
        return max((claim.time_unix_s for claim in self.started_runs()), default=None)

    def append(self, entry: HistoryEntry) -> None:
        """Add a look; it is on the disk when this returns. The caller holds the lock."""
        with files.explained(self._root):
            files.append_lines(self._root / "decisions.jsonl", config.to_json(entry) + "\n")

    def claim_path(self, kind: Kind, key: str) -> Path:
        """Return where the claim to a key lies."""
        return self._root / kind / f"{key}.json"

    def claim(self, kind: Kind, claim: Claim, *, run_lease_s: float) -> Claim:
        """Take a key and return the claim that holds: this one, or the first; see `claims.take`.

        The caller holds the lock.
        """
        path = self.claim_path(kind, claim.key)
        with files.explained(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            if kind == "asked":
                return claims.take(path, claim, lease_s=_MESSAGE_LEASE_S)
            return claims.take(path, claim, lease_s=run_lease_s, most_attempts=MOST_ATTEMPTS)

    def entries(self) -> tuple[HistoryEntry, ...]:
        """Return all looks, oldest first; a line that a crash has cut off is left out."""
        path = self._root / "decisions.jsonl"
        found = []
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
            with contextlib.suppress(ValueError):
                found.append(config.from_json(HistoryEntry, line))
        return tuple(found)

    def started_runs(self) -> tuple[Claim, ...]:
        """Return the claims of the retrainings that were started, oldest first."""
        claims = [read_record(path, Claim) for path in (self._root / "runs").glob("*.json")]
        return tuple(sorted(claims, key=lambda one: one.time_unix_s))

    def evidence(self, version: int, *, except_run: str = "") -> tuple[LookEvidence, ...]:
        """Return what the looks at a version have seen, oldest first, each picture once.

        Of two monitors that looked at once, the first counts.

        Args:
            version: as served.
            except_run: leave out this one, so that a retried step sees what it saw before.
        """
        found: list[LookEvidence] = []
        for entry in self.entries():
            seen = entry.evidence
            if seen is None or entry.version != version or entry.run_id == except_run:
                continue
            if not found or seen.since_unix_s >= found[-1].until_unix_s:
                found.append(seen)
        return tuple(found)

    def runs_unix_s(
        self, *, now_unix_s: float, lease_s: float, except_run: str = ""
    ) -> tuple[float, ...]:
        """Return when runs of this model started, oldest first.

        Those that a monitor claimed, unless they failed or their lease ran out without a word, and
        those that people started and that gave a version.

        Args:
            now_unix_s: the present.
            lease_s: how long a run may take to say how it ended.
            except_run: leave out this one, so that a retried step sees what it saw before.
        """
        started = self.started_runs()
        counted = [one for one in started if not one.is_open(now_unix_s, lease_s=lease_s)]
        times = [one.time_unix_s for one in counted if one.run_id != except_run]
        claimed = {one.run_id for one in counted}
        for version in passport_numbers(self._model_dir):
            passport = read_passport(self._model_dir, version)
            if passport is not None and passport.run_id not in claimed:
                times.append(passport.created_unix_s)
        return tuple(sorted(times))
