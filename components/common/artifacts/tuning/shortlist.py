"""Shortlist: what is fine-tuned, in order, and what the budget left out. Written by plan."""

from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.records import RecordFolder, read_record, write_record
from components.common.artifacts.tuning.ranking import LeftOut, RankingInfo
from components.common.config import Section

NOT_TRAINED = "not_trained.json"


@dataclass(frozen=True, kw_only=True)
class Finalist:
    """One candidate to fine-tune; `key` is its short name in files, `name` is for readers."""

    key: str
    name: str
    backbone: str
    method: str
    image_size_px: int
    probe_score: float
    probe_spread: float
    estimate_s: float


@dataclass(frozen=True, kw_only=True)
class ShortlistInfo:
    """The finalists in the order of the ranking, and everything that is not among them."""

    ranking: RankingInfo
    finalists: tuple[Finalist, ...]
    left_out: tuple[LeftOut, ...]
    budget_min: float


@dataclass(frozen=True)
class Shortlist(RecordFolder[ShortlistInfo]):
    """A folder with `shortlist.json`."""

    FILE = "shortlist.json"
    INFO = ShortlistInfo


@dataclass(frozen=True, kw_only=True)
class Allowance(Section):
    """What a finalist is expected to need, and when it must be done; 0 = no limit.

    mark: names data and settings; left in the cache when a candidate is there, so that the next
        plan knows that it costs nothing. No result depends on it.
    """

    estimate_s: float
    deadline_unix_s: float = 0.0
    mark: str = ""

    def overrun(self, now_unix_s: float) -> str:
        """Say why a start now would overrun; "" when it would not."""
        left = self.deadline_unix_s - now_unix_s
        if not self.deadline_unix_s or self.estimate_s <= left:
            return ""
        return (
            f"not started: about {self.estimate_s:.0f} s were expected and "
            f"{max(left, 0.0):.0f} s of the budget were left"
        )


def leave_mark(cache_dir: str, mark: str) -> None:
    """Note that the finalist of this mark is in the cache."""
    if cache_dir and mark:
        path = _mark_path(cache_dir, mark)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def is_marked(cache_dir: str, mark: str) -> bool:
    """Tell whether the finalist of this mark has been trained before."""
    return bool(cache_dir) and _mark_path(cache_dir, mark).exists()


def _mark_path(cache_dir: str, mark: str) -> Path:
    return Path(cache_dir) / "finalists" / mark


@dataclass(frozen=True, kw_only=True)
class NotTrained:
    """Stands in a Candidate's folder where there is no candidate."""

    reason: str

    def write(self, root: Path) -> None:
        """Leave the reason instead of a candidate."""
        root.mkdir(parents=True, exist_ok=True)
        write_record(root / NOT_TRAINED, self)

    @classmethod
    def read(cls, root: Path) -> "NotTrained | None":
        """Return the reason, None when the folder holds a candidate."""
        path = root / NOT_TRAINED
        return read_record(path, cls) if path.exists() else None
