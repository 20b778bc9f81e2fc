"""Is a change of what the model answers seen? Single days, and looks that follow one another.

    python -m benchmarks.answers_watched [--parts statistics days sizes looks] [--quick]

The demo's out-of-fold scores (a linear probe on frozen embeddings; folds by module). Windows are
made of its modules: 60 pictures of each.

* untouched: as they are.
* doubled: good cells turn defective, everywhere with the same chance, until their share is twice
  what it was (pictures of the module's own defective cells; of any module's where it has few).
* doubled module by module: each module's own share, so that those without defects keep none.
* all defective: defective cells of any module; of the same module, where the model may find few.

statistics: what separates such days from untouched ones best, each statistic with the threshold
that keeps 5 % of simulated untouched days. days: whole monitors, thresholds as they learn them; a
day's modules are left out of the reference. sizes: the ranks alone, by size of the look. looks: one
look a day for four weeks, then 14 days of change. In the last two, reference and days are drawn
from the modules with replacement, which has the reference's own error in it.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table
from scipy.stats import ks_2samp

from benchmarks.drift_tables import clean_observations
from components.common.artifacts.monitoring.observations import Observations, joined
from components.common.progress import track
from components.common.statistics.label_shift import proportions
from components.monitor.detect.answer_ranks import LookEvidence, answer_ranks
from components.monitor.detect.config import DEFAULT_DETECTORS, DetectConfig
from components.monitor.detect.contract import Design, load
from components.monitor.detect.measure import Monitor
from components.monitor.detect.ridits import RISES, Ridits

RATE = 0.05
EACH = 60  # pictures of a module
MODULES = 10  # a day
DAYS = 14
PAST = 28
_FEW = 5

Rows = npt.NDArray[np.int64]
Statistic = Callable[[Observations], float]


@dataclass(frozen=True)
class Plant:
    """The demo's cells, dealt out in days."""

    cells: Observations
    rows: dict[str, Rows]
    defective: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, cells: Observations) -> "Plant":
        """Sort the cells by module."""
        rows = {name: np.flatnonzero(cells.groups == name) for name in np.unique(cells.groups)}
        return cls(cells, rows, cells.labels == cells.classes[1])

    @property
    def modules(self) -> list[str]:
        """Return the modules' names."""
        return list(self.rows)

    def day(
        self,
        modules: list[str],
        kind: str,
        rng: np.random.Generator,
        *,
        each: int = EACH,
        start_s: float = 0.0,
    ) -> Observations:
        """Return so many pictures of each module, after what happened to them."""
        drawn = [self._drawn(self.rows[name], kind, rng, each) for name in modules]
        names = [f"{number} {name}" for number, name in enumerate(modules)]
        seen = self.cells.take(np.concatenate(drawn))
        return replace(
            seen,
            groups=np.repeat(np.array(names, dtype=object), each),
            labels=np.full(len(seen), "", dtype=object),
            times_unix_s=start_s + 1.0 + np.arange(len(seen), dtype=np.float64),
        )

    def _drawn(self, mine: Rows, kind: str, rng: np.random.Generator, each: int) -> Rows:
        rows = rng.choice(mine, each)
        anywhere = np.flatnonzero(self.defective)
        own = mine[self.defective[mine]]
        own = own if len(own) >= _FEW else anywhere
        if kind == "all defective, of any module":
            return rng.choice(anywhere, each)
        if kind == "all defective, of the same module":
            return rng.choice(own, each)
        share = {
            "untouched": 0.0,
            "doubled": float(self.defective.mean()),
            "doubled module by module": float(self.defective[mine].mean()),
        }[kind]
        turned = ~self.defective[rows] & (rng.random(each) < share / max(1 - share, 1e-9))
        rows[turned] = rng.choice(own, int(turned.sum()))
        return rows


SIZES = ((100, 10), (600, 5), (600, 10), (600, 20), (2400, 40), (100, 100), (600, 600))
BEFORE = "pictures only"
_PICTURES = ("shifted_statistics", "known_faults", "shifted_features")
FAMILIES = {
    BEFORE: _PICTURES,
    "by default": DEFAULT_DETECTORS,
    "and label_shift_em": (*DEFAULT_DETECTORS, "label_shift_em"),
}

KINDS = (
    "untouched",
    "doubled module by module",
    "doubled",
    "all defective, of the same module",
    "all defective, of any module",
)


def statistics(plant: Plant, days: int) -> Table:
    """Compare statistics of single days with equal false alarms."""
    found: dict[str, dict[str, list[float]]] = {}
    rng = np.random.default_rng(0)
    for _ in track(range(days), "days by statistic"):
        names = list(rng.permutation(plant.modules))
        reference = plant.cells.take(~np.isin(plant.cells.groups, names[:MODULES]))
        ways = _ways(reference)
        for kind in KINDS:
            window = plant.day(names[:MODULES], kind, rng)
            for way, statistic in ways.items():
                found.setdefault(way, {}).setdefault(kind, []).append(statistic(window))
    table = _table(f"single days, {RATE:.0%} of {days} untouched ones", "statistic", *KINDS[1:])
    for way, kinds in found.items():
        limit = float(np.quantile(kinds["untouched"], 1 - RATE))
        table.add_row(way, *[f"{np.mean(np.array(kinds[kind]) > limit):.2f}" for kind in KINDS[1:]])
    return table


def _ways(reference: Observations) -> dict[str, Statistic]:
    design, rng = Design(MODULES * EACH, MODULES), np.random.default_rng(0)
    ridits = Ridits.of(reference, design, rng=rng)
    shares = load("answer_shares").fit(reference, design, rng=rng)
    usual = np.bincount(reference.columns, minlength=2) / len(reference)
    return {
        "ranks of the modules' mean log odds": lambda window: float(
            ridits.of_window(window).mean(axis=0).max()
        ),
        "the same, capped": lambda window: float(
            (RISES.apply(ridits.of_window(window)).mean(axis=0)).max()
        ),
        "shares answered, p' (Laney)": shares,
        "Kolmogorov-Smirnov on scores": lambda window: float(
            ks_2samp(reference.scores[:, 1], window.scores[:, 1]).statistic
        ),
        "class proportions by EM": lambda window: float(
            np.abs(proportions(window.scores, usual) - usual).max()
        ),
    }


def whole_days(plant: Plant, days: int) -> Table:
    """Ask whole monitors about single days of modules that they have not seen."""
    rng = np.random.default_rng(1)
    alarms: dict[tuple[str, str], list[bool]] = {}
    ranked: dict[str, list[bool]] = {kind: [] for kind in KINDS}
    for _ in track(range(days), "days by monitor"):
        names = list(rng.permutation(plant.modules))
        reference = plant.cells.take(~np.isin(plant.cells.groups, names[:MODULES]))
        windows = {
            kind: [plant.day(names[:MODULES], kind, rng) for _ in range(1 if not said else 2)]
            for said, kind in enumerate(KINDS)
        }
        prepared = Monitor.of(reference, settings=DetectConfig(), seed=0)
        for family, detectors in FAMILIES.items():
            settings = DetectConfig(detectors=detectors, false_alarms=RATE, null_windows=240)
            monitor = Monitor("", prepared.reference, prepared.reducer, settings, seed=0)
            for kind, seen in windows.items():
                for window in seen:
                    ranks = answer_ranks(window, reference, (), settings=settings, seed=0)
                    rate = RATE if family == BEFORE else ranks.rate_left
                    found = any(one.alarm for one in monitor.look(window, rate=rate))
                    by_rank = any(one.alarm for one in ranks.detections)
                    if family == BEFORE:
                        ranked[kind].append(by_rank)
                    else:
                        found = found or by_rank
                    alarms.setdefault((family, kind), []).append(found)
    table = _table(f"whole monitors, {RATE:.0%} asked", "who", *KINDS)
    for family in FAMILIES:
        shares = [f"{np.mean(alarms[family, kind]):.2f}" for kind in KINDS]
        table.add_row(family, *shares)
    table.add_row(f"answer_ranks at {RATE / 2:.1%}", *[f"{np.mean(ranked[k]):.2f}" for k in KINDS])
    table.caption = ", ".join(f"{kind}: {len(found)} days" for kind, found in ranked.items())
    return table


def sizes(plant: Plant, trials: int) -> Table:
    """Ask the ranks about single looks of several sizes; modules as in `looks`."""
    rng = np.random.default_rng(3)
    table = _table(f"answer_ranks, {RATE:.0%}", "pictures", "modules", *KINDS)
    for pictures, modules in track(SIZES, "sizes"):
        independent = modules == pictures
        # Twice the rate: with nothing to sum the ranks have half of what is asked for.
        settings = DetectConfig(
            false_alarms=2 * RATE, windows="independent" if independent else "groups"
        )
        found: dict[str, list[bool]] = {kind: [] for kind in KINDS}
        for _ in range(trials):
            reference = plant.cells if independent else _drawn_again(plant, rng)
            for kind in KINDS:
                names = list(rng.choice(plant.modules, modules))
                window = plant.day(names, kind, rng, each=pictures // modules)
                said = answer_ranks(window, reference, (), settings=settings, seed=0)
                found[kind].append(any(one.alarm for one in said.detections))
        shares = [f"{np.mean(found[kind]):.2f}" for kind in KINDS]
        table.add_row(str(pictures), "independent" if independent else str(modules), *shares)
    return table


def looks(plant: Plant, trials: int) -> Table:
    """Four weeks of untouched days, then two weeks of each kind of change."""
    rng = np.random.default_rng(2)
    settings = DetectConfig(false_alarms=RATE)
    first: dict[str, list[int]] = {kind: [] for kind in KINDS}
    false: list[bool] = []
    for _ in track(range(trials), "series of looks"):
        reference = _drawn_again(plant, rng)
        usual = _past(plant, reference, PAST, rng)
        for kind in KINDS[:3]:
            past, alarms = usual, []
            for day in range(DAYS):
                names = list(rng.choice(plant.modules, MODULES))
                window = plant.day(names, kind, rng, start_s=(PAST + day) * 1e5)
                found = answer_ranks(window, reference, past, settings=settings, seed=0)
                assert found.evidence is not None
                past = (*past, found.evidence)
                alarms.append(any(one.alarm for one in found.detections))
            first[kind].append(int(np.argmax([*alarms, True])) + 1)
            if kind == "untouched":
                false += alarms
    title = f"looks: ranks of answers at {RATE / 2:.1%} a look; {np.mean(false):.3f} of untouched"
    table = _table(title, "change", "series", *[f"by day {day}" for day in (1, 3, 7, DAYS)])
    for kind, days in first.items():
        if days:
            shares = [f"{np.mean(np.array(days) <= day):.2f}" for day in (1, 3, 7, DAYS)]
            table.add_row(kind, str(len(days)), *shares)
    return table


def _drawn_again(plant: Plant, rng: np.random.Generator) -> Observations:
    names = rng.choice(plant.modules, len(plant.modules))
    parts = []
    for number, name in enumerate(names):
        part = plant.cells.take(plant.rows[name])
        parts.append(replace(part, groups=np.full(len(part), f"{number}", dtype=object)))
    return joined(*parts)


def _past(
    plant: Plant, reference: Observations, days: int, rng: np.random.Generator
) -> tuple[LookEvidence, ...]:
    design = Design(MODULES * EACH, MODULES)
    ridits = Ridits.of(reference, design, rng=np.random.default_rng(0))
    past = []
    for day in range(days):
        window = plant.day(list(rng.choice(plant.modules, MODULES)), "untouched", rng)
        sums = RISES.apply(ridits.of_window(window)).sum(axis=0)
        past.append(
            LookEvidence(
                since_unix_s=(day - 1) * 1e5,
                until_unix_s=day * 1e5,
                groups=MODULES,
                rises=tuple(sums.tolist()),
            )
        )
    return tuple(past)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for name in columns:
        table.add_column(name)
    return table


PARTS: dict[str, tuple[Callable[[Plant, int], Table], int, int]] = {
    "statistics": (statistics, 400, 50),
    "days": (whole_days, 10, 2),
    "sizes": (sizes, 60, 5),
    "looks": (looks, 60, 5),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a twentieth of the trials")
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS))
    asked = parser.parse_args()
    console = Console(width=150)
    plant = Plant.of(clean_observations())
    for part in asked.parts:
        measure, trials, quick = PARTS[part]
        console.print(measure(plant, quick if asked.quick else trials))


if __name__ == "__main__":
    main()
