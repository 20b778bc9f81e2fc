"""Does an alarm mean something? False alarms, power, run length and cost of the drift detectors.

    python -m benchmarks.drift_detection [--work DIR] [--quick]

Three questions on the demo data (tables of each picture under each fault: drift_tables.py):

* independent windows: 50 pictures from anywhere. Half of the pictures are the reference, windows
  come from the other half; four such halvings.
* whole-module windows: one module is the window, all others are the reference, each in turn.
* one after the other: modules follow one another, and at some picture a fault begins.

Beside all that looks by default together stand its parts and what one would do instead: the
Kolmogorov-Smirnov test of the textbook on the softmax output. With --work, pictures are measured
once and kept.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import beta, ks_2samp

from benchmarks.drift_tables import CLEAN, Tables, build, conditions, is_severe
from components.common.artifacts.monitoring.observations import Observations, joined
from components.common.pictures.decode import decode
from components.common.pictures.statistics import measure as measure_picture
from components.monitor.detect.answer_ranks import RANKS, answer_ranks
from components.monitor.detect.config import DEFAULT_DETECTORS, DetectConfig
from components.monitor.detect.contract import Design
from components.monitor.detect.detectors._fault_filters import FaultFilters
from components.monitor.detect.detectors.cusum import sums
from components.monitor.detect.measure import Monitor

WINDOW = 50
RATE = 0.01
# With 43 modules the threshold is then the second worst of them, and 1 in 22 is kept.
MODULE_RATE = 0.05
STREAM_WINDOW = 500
RUN_LENGTH_ASKED = 10_000
BASELINE = "KS on softmax (textbook)"
FAMILY = "default, together"

Looks = dict[str, bool]


@dataclass(frozen=True)
class Sizes:
    """How much is tried."""

    halvings: int
    null_windows: int  # a halving
    windows: int  # a halving and fault
    modules: int
    stream_pictures: int
    onsets: int


FULL = Sizes(4, 250, 50, 44, 200_000, 100)
QUICK = Sizes(2, 50, 20, 6, 20_000, 20)


class Looker:
    """One reference and the answers of family, members and baseline about windows."""

    def __init__(self, reference: Observations, settings: DetectConfig) -> None:
        self._monitor = Monitor.of(reference, settings=settings, seed=0)
        self._reference, self._settings = reference, settings
        scores = reference.scores[np.isfinite(reference.scores).all(axis=1)]
        self._softmax, self._rate = scores[:, 1], settings.rate

    def look(self, window: Observations) -> Looks:
        """Return who alarms."""
        ranks = answer_ranks(window, self._reference, (), settings=self._settings, seed=0)
        said = (*self._monitor.look(window, rate=ranks.rate_left), *ranks.detections)
        found = {RANKS: False} | {one.detector: one.alarm for one in said}
        scores = window.scores[np.isfinite(window.scores).all(axis=1), 1]
        textbook = len(scores) > 0 and ks_2samp(self._softmax, scores).pvalue < self._rate
        return {FAMILY: any(found.values()), **found, BASELINE: bool(textbook)}


@dataclass(frozen=True)
class Tally:
    """Who alarmed how often under each condition."""

    looks: dict[str, list[Looks]]

    def share(self, condition: str, who: str) -> float:
        """Return the share of windows with an alarm."""
        return float(np.mean([look[who] for look in self.looks[condition]]))

    def upper(self, condition: str, who: str) -> float:
        """Return the 95 % upper bound of that share (Clopper and Pearson)."""
        hits, count = sum(look[who] for look in self.looks[condition]), len(self.looks[condition])
        return 1.0 if hits == count else float(beta.ppf(0.95, hits + 1, count - hits))


def independent(tables: Tables, sizes: Sizes) -> Tally:
    """Windows of pictures from anywhere."""
    settings = DetectConfig(windows="independent", false_alarms=RATE)
    looks: dict[str, list[Looks]] = {}
    for halving in range(sizes.halvings):
        rng = np.random.default_rng(halving)
        order = rng.permutation(len(tables.paths))
        known, other = np.sort(order[::2]), order[1::2]
        looker = Looker(tables.observations(CLEAN, known), settings)
        for name in conditions():
            if is_severe(name):
                continue
            seen = tables.observations(name, other)
            seen = seen.take(seen.whole("features"))
            count = sizes.null_windows if name == CLEAN else sizes.windows
            drawn = (rng.permutation(len(seen))[:WINDOW] for _ in range(count))
            looks.setdefault(name, []).extend(looker.look(seen.take(rows)) for rows in drawn)
    return Tally(looks)


def whole_modules(tables: Tables, sizes: Sizes) -> Tally:
    """Windows of one module, which the reference does not hold."""
    settings = DetectConfig(false_alarms=MODULE_RATE, null_windows=220)
    looks: dict[str, list[Looks]] = {}
    for module in list(dict.fromkeys(tables.groups))[: sizes.modules]:
        mine = tables.groups == module
        looker = Looker(tables.observations(CLEAN, ~mine), settings)
        for name in conditions():
            window = tables.observations(name, mine)
            # A module that was not measured under this fault is no trial.
            if window.whole("features").all() and np.isfinite(window.statistics).all():
                looks.setdefault(name, []).append(looker.look(window))
    return Tally(looks)


@dataclass(frozen=True)
class Run:
    """Pictures between false alarms, and from the onset of a fault to the alarm."""

    pictures: int
    false_alarms: int
    delays: dict[str, list[float]]


def one_after_the_other(tables: Tables, sizes: Sizes) -> Run:
    """Cumulative sums over modules in random order."""
    names = np.array(list(dict.fromkeys(tables.groups)), dtype=object)
    seen, known = names[::2], names[1::2]
    reference = tables.observations(CLEAN, np.isin(tables.groups, known))
    rate = STREAM_WINDOW / RUN_LENGTH_ASKED
    settings = DetectConfig(detectors=("cusum",), false_alarms=rate, null_windows=1000)
    monitor = Monitor.of(reference, settings=settings, seed=0)
    rng = np.random.default_rng(0)

    def stream(count: int) -> Any:
        rows: list[Any] = []
        while sum(map(len, rows)) < count:
            rows += [np.flatnonzero(tables.groups == name) for name in rng.permutation(seen)]
        return np.concatenate(rows)[:count]

    windows = sizes.stream_pictures // STREAM_WINDOW
    rows = stream(windows * STREAM_WINDOW).reshape(windows, STREAM_WINDOW)
    answers = [monitor.look(tables.observations(CLEAN, window))[0] for window in rows]
    limit = answers[0].threshold
    groups = len(np.unique(tables.groups[rows[0]].astype(str)))
    filters = FaultFilters.of(reference, Design(STREAM_WINDOW, groups))

    def path(window: Observations) -> Any:
        return sums(filters.apply(window)).max(axis=1)

    delays: dict[str, list[float]] = {}
    for name in filter(is_severe, conditions()):
        for _ in range(sizes.onsets):
            onset, window = int(rng.integers(0, 200)), stream(STREAM_WINDOW)
            before = tables.observations(CLEAN, window[:onset])
            after = tables.observations(name, window[onset:])
            crossed = np.flatnonzero(path(joined(before, after)) > limit)
            late = crossed[crossed >= onset]
            delays.setdefault(name, []).append(late[0] - onset + 1 if late.size else np.inf)
    return Run(rows.size, sum(answer.alarm for answer in answers), delays)


def cost_ms(tables: Tables) -> Iterator[tuple[str, float]]:
    """Yield what a picture costs beyond the model, in milliseconds."""
    pictures = [decode(path.read_bytes()) for path in tables.paths[:100]]

    def measure_all() -> None:
        for picture in pictures:
            measure_picture(picture)

    yield "picture statistics", _ms(measure_all) / 100
    # One thread does it all: what a busy machine adds is not its cost.
    yield "picture statistics, processor time", _ms(measure_all, clock=time.process_time) / 100
    settings = DetectConfig(windows="independent", false_alarms=RATE)
    everything = tables.observations(CLEAN, np.arange(len(tables.paths)))
    monitor = Monitor.of(everything, settings=settings, seed=0)
    window = everything.take(np.arange(0, len(everything), len(everything) // WINDOW)[:WINDOW])
    started = time.perf_counter()
    monitor.look(window)
    yield "calibration, once a size of window (all of it)", 1000 * (time.perf_counter() - started)
    yield f"default detectors, {WINDOW} pictures", _ms(lambda: monitor.look(window)) / WINDOW


def _ms(
    work: Callable[[], object],
    *,
    clock: Callable[[], float] = time.perf_counter,
    rounds: int = 5,
) -> float:
    times = []
    for _ in range(rounds):
        started = clock()
        work()
        times.append(1000 * (clock() - started))
    return float(np.median(times))


def tally_table(tally: Tally, *, title: str) -> Table:
    """Return alarms by condition (rows) and detector (columns), the family and baseline first."""
    table = Table(title=title, title_justify="left")
    columns = (FAMILY, BASELINE, *DEFAULT_DETECTORS, RANKS)
    for name in ("condition", "windows", *columns):
        table.add_column(name)
    for condition, looks in tally.looks.items():
        shares = [f"{tally.share(condition, who):.3f}" for who in columns]
        if condition == CLEAN:
            shares[0] += f" (<= {tally.upper(condition, FAMILY):.3f})"
        table.add_row(condition, str(len(looks)), *shares)
    return table


def run_table(run: Run) -> Table:
    """Return run length and delays of the cumulative sums."""
    table = Table(title="one after the other: cusum", title_justify="left")
    for name in ("condition", "median delay", "95 % of delays within", "never found"):
        table.add_column(name)
    for condition, delays in run.delays.items():
        known = np.array(delays)
        within = float(np.quantile(known, 0.95, method="higher"))
        missed = f"{np.mean(np.isinf(known)):.2f}"
        table.add_row(condition, f"{np.median(known):.0f}", f"{within:.0f}", missed)
    length = run.pictures / max(1, run.false_alarms)
    table.caption = f"{run.false_alarms} false alarms in {run.pictures:,} pictures: {length:,.0f}"
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, help="keep the measured pictures here")
    parser.add_argument("--quick", action="store_true", help="a tenth of the windows")
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS))
    asked = parser.parse_args()
    console = Console(width=150)
    with tempfile.TemporaryDirectory(prefix="graft-bench-") as name:
        tables = build(asked.work or Path(name))
        for part in asked.parts:
            for line in PARTS[part](tables, QUICK if asked.quick else FULL):
                console.print(line)


def _independent(tables: Tables, sizes: Sizes) -> Iterator[object]:
    title = f"independent, {WINDOW} pictures, {RATE:.0%} asked"
    yield tally_table(independent(tables, sizes), title=title)


def _modules(tables: Tables, sizes: Sizes) -> Iterator[object]:
    title = f"whole modules, each left out; {MODULE_RATE:.0%} asked"
    yield tally_table(whole_modules(tables, sizes), title=title)


def _stream(tables: Tables, sizes: Sizes) -> Iterator[object]:
    yield run_table(one_after_the_other(tables, sizes))


def _cost(tables: Tables, sizes: Sizes) -> Iterator[object]:
    del sizes
    for what, ms in cost_ms(tables):
        yield f"{what}: {ms:.2f} ms"


PARTS: dict[str, Callable[[Tables, Sizes], Iterator[object]]] = {
    "independent": _independent,
    "modules": _modules,
    "stream": _stream,
    "cost": _cost,
}


if __name__ == "__main__":
    main()
