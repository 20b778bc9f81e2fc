"""Long loops: their progress, for whoever watches, and the threads that get batches ready.

A pure function calls `track`; it does not know who listens. A step run locally writes
to a small file that the live step list reads; elsewhere the log gets a line now and then.
"""

import contextlib
import contextvars
import json
import logging
import os
import time
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sized
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from components.common.files import write_bytes

T = TypeVar("T")
R = TypeVar("R")

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """Where a loop stands: `done` of `total` (0 = unknown) and what it does."""

    activity: str
    done: int
    total: int

    def __str__(self) -> str:
        """Return "activity 3/5"; of an unknown total "activity 3", or the activity alone."""
        if self.total:
            return f"{self.activity} {self.done}/{self.total}"
        return f"{self.activity} {self.done}" if self.done else self.activity


Listener = Callable[[Progress], None]


class LogListener:
    """Writes a log line at most every `interval_s` seconds."""

    def __init__(self, interval_s: float = 10.0) -> None:
        self._interval_s = interval_s
        self._last = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        """Take note of one report."""
        now = time.monotonic()
        if now - self._last >= self._interval_s:
            self._last = now
            LOG.info("%s", progress)


class FileListener:
    """Keeps the newest report in one JSON file, replaced atomically at most ten times a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = 0.0

    def __call__(self, progress: Progress) -> None:
        """Take note of one report."""
        now = time.monotonic()
        if now - self._last < 0.1 and progress.done != progress.total:
            return
        self._last = now
        write_bytes(self._path, json.dumps(asdict(progress)).encode(), durable=False)


_listener: contextvars.ContextVar[Listener | None] = contextvars.ContextVar(
    "progress_listener", default=None
)

_stage: contextvars.ContextVar[str] = contextvars.ContextVar("progress_stage", default="")


@contextlib.contextmanager
def within(stage: str) -> Iterator[None]:
    """Have all reports made inside the block begin with a stage, as "fold 2 of 5"."""
    token = _stage.set(f"{stage}: ")
    try:
        yield
    finally:
        _stage.reset(token)


@contextlib.contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send all reports made inside the block to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(activity: str, done: int, total: int) -> None:
    """Report once, for loops that `track` does not fit."""
    listener = _listener.get()
    if listener is not None:
        listener(Progress(_stage.get() + activity, done, total))


def track(items: Iterable[T], activity: str, *, total: int | None = None) -> Iterator[T]:
    """Yield the items and report after each one.

    Args:
        items: what is looped over.
        activity: what the loop does, as a user would say it ("decoding pictures").
        total: the number of items where `len` does not know it.
    """
    if total is None:
        total = len(items) if isinstance(items, Sized) else 0
    report(activity, 0, total)
    for done, item in enumerate(items, start=1):
        yield item
        report(activity, done, total)


def worker_count() -> int:
    """Return how many workers a parallel loop should use: the processors we may run on."""
    return len(os.sched_getaffinity(0))


def mapped(make: Callable[[T], R], items: Collection[T], activity: str) -> list[R]:
    """Return what threads, one a processor, make of the items, in their order; see `track`.

    >>> mapped(str, (1, 2, 3), "writing numbers")
    ['1', '2', '3']
    """
    # A decoder's own `catch_warnings` is not safe among threads; this one restores the filters.
    with warnings.catch_warnings(), ThreadPoolExecutor(worker_count()) as pool:
        return list(track(pool.map(make, items), activity, total=len(items)))


def batches(make: Callable[[T], R], items: Iterable[T], *, size: int) -> Iterator[list[R]]:
    """Yield what is made of the items, in their order, `size` at a time.

    Threads make the next batch while the caller works on this one, so that two are in memory.

    Args:
        make: what threads do with each item; whatever it raises is raised here.
        items: at any length.
        size: of all batches but the last.

    >>> list(batches(str, range(5), size=2))
    [['0', '1'], ['2', '3'], ['4']]
    """
    rest = iter(items)
    # A decoder's own `catch_warnings` is not safe among threads; this one restores the filters.
    with warnings.catch_warnings(), ThreadPoolExecutor(worker_count()) as pool:
        ahead = pool.map(make, list(islice(rest, size)))
        while made := list(ahead):
            ahead = pool.map(make, list(islice(rest, size)))
            yield made
