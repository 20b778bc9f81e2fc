"""What happened to a model, day by day: answers, looks of the monitor, versions, retrainings."""

import contextlib
import datetime as dt
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from components.common.artifacts.model_folder import passport_numbers
from components.common.artifacts.monitoring.claims import Claim
from components.common.artifacts.monitoring.drift_report import DriftReport, DriftReportInfo
from components.common.artifacts.monitoring.log_reading import midnight_unix_s, read_log
from components.common.artifacts.monitoring.prediction_log import DAY, DAY_S, JOURNAL
from components.common.artifacts.passport import read_passport
from components.common.errors import InputError
from components.monitor.commands import DecisionHistory, HistoryEntry
from pipelines.local.records import snapshot

# Of a day's parts, at a time; and in how many pieces at most.
_PIECE_BYTES = 16 << 20
_MOST_PIECES = 24

Listing = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, kw_only=True)
class DayOfAnswers:
    """How often each answer was given on a day (UTC); predictions without an answer are left out.

    `answers` is in the order of their names.
    """

    day: dt.date
    answers: tuple[tuple[str, int], ...] = ()

    @property
    def total(self) -> int:
        """How many answers there were."""
        return sum(count for _, count in self.answers)


@dataclass(frozen=True, kw_only=True)
class LookAtModel:
    """One look of the monitor; `report` is None where its run's folder is gone."""

    entry: HistoryEntry
    report: DriftReportInfo | None

    @property
    def time_unix_s(self) -> float:
        """When it was."""
        return self.entry.time_unix_s

    @property
    def alarm(self) -> bool:
        """Whether it ended in something to do."""
        return self.entry.word != "keep"

    @property
    def nearest_to_alarm(self) -> tuple[str, float] | None:
        """The detector whose statistic is the largest share of its threshold, and the share."""
        detections = self.report.detections if self.report else ()
        shares = [(x.detector, x.statistic / x.threshold) for x in detections if x.threshold > 0]
        return max(shares, key=lambda one: one[1], default=None)


@dataclass(frozen=True, kw_only=True)
class VersionStart:
    """When a version was published, and its state by its passport."""

    number: int
    time_unix_s: float
    state: str


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """What happened between two times, each list oldest first; there is a day for every date."""

    since_unix_s: float
    until_unix_s: float
    days: tuple[DayOfAnswers, ...]
    looks: tuple[LookAtModel, ...]
    versions: tuple[VersionStart, ...]
    retrainings: tuple[Claim, ...]

    @property
    def answers(self) -> tuple[str, ...]:
        """All answers that were given, by name."""
        return tuple(sorted({name for day in self.days for name, _ in day.answers}))

    @property
    def events(self) -> tuple[LookAtModel | VersionStart | Claim, ...]:
        """Looks, versions and retrainings, the newest first."""
        every: list[LookAtModel | VersionStart | Claim] = [*self.looks, *self.versions]
        every += self.retrainings
        return tuple(sorted(every, key=lambda one: one.time_unix_s, reverse=True))


def read_timeline(
    model_dir: Path, *, log: Path, runs_dir: Path, days: int, now_unix_s: float
) -> Timeline:
    """Return the last days of a model, today's included.

    Args:
        model_dir: `<base path>/<model name>`; need not be there.
        log: the model's log folder; one that is not there is empty.
        runs_dir: where the monitor's runs left their reports.
        days: how many.
        now_unix_s: the present.

    Raises:
        InputError: a claim of the monitor is damaged.
    """
    today = dt.datetime.fromtimestamp(now_unix_s, dt.UTC).date()
    dates = [today - dt.timedelta(days=back) for back in reversed(range(days))]
    since = midnight_unix_s(dates[0])
    history = DecisionHistory(model_dir)
    return Timeline(
        since_unix_s=since,
        until_unix_s=midnight_unix_s(today) + DAY_S,
        days=tuple(DayOfAnswers(day=one, answers=_answers(log, one)) for one in dates),
        looks=tuple(
            LookAtModel(entry=one, report=read_report(runs_dir, one.run_id))
            for one in history.entries()
            if one.time_unix_s >= since
        ),
        versions=tuple(one for one in _versions(model_dir) if one.time_unix_s >= since),
        retrainings=tuple(one for one in history.started_runs() if one.time_unix_s >= since),
    )


def read_report(runs_dir: Path, run_id: str) -> DriftReportInfo | None:
    """Return the drift report of a monitor's run, None where it cannot be read any more."""
    if Path(run_id).name != run_id:
        return None
    with contextlib.suppress(KeyError, OSError, InputError):
        found = snapshot(runs_dir / run_id, "monitoring").output("monitor", "drift")
        return DriftReport.read(found).info
    return None


def _versions(model_dir: Path) -> list[VersionStart]:
    pages = [(number, read_passport(model_dir, number)) for number in passport_numbers(model_dir)]
    return [
        VersionStart(number=number, time_unix_s=page.created_unix_s, state=page.state)
        for number, page in pages
        if page is not None
    ]


def _answers(log: Path, day: dt.date) -> tuple[tuple[str, int], ...]:
    # A record may lie in the part of the day before, or wait in a journal.
    before = day - dt.timedelta(days=1)
    folders = [log / f"{one:{DAY}}" for one in (before, day)] + [log / JOURNAL]
    listing = tuple(
        (path.name, path.stat().st_size, path.stat().st_mtime_ns)
        for folder in folders
        for path in sorted(folder.glob("*.*"))
        if path.is_file()
    )
    return _counted(log, day, listing) if listing else ()


@lru_cache(maxsize=512)
def _counted(log: Path, day: dt.date, listing: Listing) -> tuple[tuple[str, int], ...]:
    """Count a day's answers; done once for the same files."""
    # A busy day's records are large: so many bytes are read at a time.
    pieces = min(_MOST_PIECES, 1 + sum(size for _, size, _ in listing) // _PIECE_BYTES)
    total: Counter[str] = Counter()
    for piece in range(pieces):
        begin = midnight_unix_s(day) + piece * DAY_S / pieces
        read = read_log(
            log, since_unix_s=begin, until_unix_s=begin + DAY_S / pieces, columns=("decision",)
        )
        for one in pc.value_counts(read.table["decision"].combine_chunks()).to_pylist():
            total[one["values"] or ""] += one["counts"]
        del read
        if pieces > 1:
            pa.default_memory_pool().release_unused()
    return tuple(sorted((answer, count) for answer, count in total.items() if answer))
