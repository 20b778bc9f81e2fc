"""What asking in doubt costs, and whether the promised escape rate holds for new groups.

    python -m benchmarks.abstain [--digits FOLDER]

200 times some groups are drawn to calibrate on; the others are answered. An escape is a defect that
is answered as good without asking. Three sources of pictures:

* simulated: 44 groups of 60 pictures, a fifth of them defects; groups differ in how visible their
  defects are by as much as the pictures inside a group do.
* the demo: the kept answers of `benchmarks.quality` about modules that the network had not seen.
* digits (`benchmarks.sets`), if named: 5 to 9 are the defects; out-of-fold answers of a logistic
  regression on the embedding; each picture is a group of its own.
"""

import argparse
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from rich.table import Table

from components.common.progress import track
from components.common.seeding import generator
from components.common.statistics.conformal import lower_bound
from components.common.statistics.weighted import Floats
from components.export.config import ExportConfig

ANSWERS = Path("benchmarks/answers/quality")
CALIBRATIONS = 200
PROMISED = 0.1
_COLUMNS = (
    "pictures", "groups", "promised", "escapes", "5 to 95 % of calibrations", "mean of groups",
    "asked", "escapes if it never asks", "promise made", "escapes then",
)  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """Held-out pictures: log odds of a defect, whether it is one, and the group, all [N]."""

    odds: Floats
    defect: npt.NDArray[np.bool_]
    groups: npt.NDArray[np.int64]

    def take(self, rows: npt.NDArray[np.bool_]) -> "Judged":
        """Return some pictures."""
        return Judged(self.odds[rows], self.defect[rows], self.groups[rows])


@dataclass(frozen=True)
class Outcome:
    """Shares in [0, 1] for one calibration; see `_COLUMNS`.

    needed is the share asked of the pictures that it was calibrated on, which says whether the
    promise is made at all; kept the share that escapes if it is.
    """

    escapes: float
    by_group: float
    asked: float
    never: float
    needed: float
    kept: float


def simulated(seed: int = 0) -> Judged:
    """Return pictures of groups that really differ."""
    random = generator(seed, "benchmark", "abstain")
    groups = np.repeat(np.arange(44), 60)
    defect = random.random(len(groups)) < 0.2
    visible = random.normal(0, 1, 44)[groups]
    odds = random.normal(0, 1, len(groups)) + np.where(defect, 1.5 + visible, -2.0)
    return Judged(odds, defect, groups)


def demo(method: str, *, folder: Path = ANSWERS, seed: int = 0) -> Judged:
    """Return the demo's kept answers about modules that were not trained on."""
    files = sorted(folder.glob(f"grouped-{seed}-*-{method}.csv.gz"))
    table = pd.concat([pd.read_csv(file) for file in files])
    return Judged(
        table["margin"].to_numpy(dtype=np.float64),
        table["defective"].to_numpy(dtype=bool),
        pd.factorize(table["group"])[0].astype(np.int64),
    )


def digits(folder: Path) -> Judged:
    """Return out-of-fold answers about digits; 5 and above are the defects."""
    from benchmarks.embedded import embedded_folder, out_of_fold

    found = embedded_folder(folder, pooling="mean")
    defect = np.array([int(label) >= 5 for label in found.labels])
    logits = out_of_fold(found.embeddings, defect.astype(np.int64))
    return Judged(logits, defect, np.arange(len(defect)))


def once(judged: Judged, *, count: int, random: np.random.Generator, rate: float) -> Outcome:
    """Calibrate on `count` groups, answer the others."""
    chosen = random.permutation(np.unique(judged.groups))[:count]
    inside = np.isin(judged.groups, chosen)
    seen, new = judged.take(inside), judged.take(~inside)
    known = seen.take(seen.defect)
    bound = lower_bound(known.odds, [str(group) for group in known.groups], rate=rate)
    escaped = new.odds < bound
    in_group = pd.Series(escaped[new.defect]).groupby(new.groups[new.defect]).mean()
    return Outcome(
        escapes=float(escaped[new.defect].mean()),
        by_group=float(in_group.mean()),
        asked=float(((new.odds >= bound) & (new.odds < 0)).mean()),
        never=float((new.odds[new.defect] < 0).mean()),
        needed=float(((seen.odds >= bound) & (seen.odds < 0)).mean()),
        kept=float((new.odds[new.defect] < min(bound, 0)).mean()),
    )


def rows(
    name: str, judged: Judged, *, counts: tuple[int, ...], rate: float
) -> Iterator[tuple[str, ...]]:
    """Yield a row of the table for each number of groups that is calibrated on."""
    for count in counts:
        random = generator(0, "benchmark", "abstain", name, str(count))
        outcomes = [
            once(judged, count=count, random=random, rate=rate)
            for _ in track(range(CALIBRATIONS), f"{name}, {count} groups")
        ]
        found = np.array([dataclasses.astuple(outcome) for outcome in outcomes])
        low, high = np.quantile(found[:, 0], (0.05, 0.95))
        escapes, *others = (f"{100 * share:.1f} %" for share in found[:, :4].mean(axis=0))
        span = f"{100 * low:.0f} to {100 * high:.0f} %"
        made = found[:, 4] <= ExportConfig().max_asked
        then = f"{100 * found[made, 5].mean():.1f} %" if made.any() else "–"
        share = f"{100 * made.mean():.0f} %"
        yield name, str(count), f"{100 * rate:.0f} %", escapes, span, *others, share, then


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--digits", type=Path, help="a folder by class, see benchmarks.sets")
    given = parser.parse_args()
    sources: dict[str, tuple[Callable[[], Judged], tuple[int, ...]]] = {
        "simulated": (simulated, (5, 10, 20, 34)),
        "demo, frozen probe": (lambda: demo("linear_probe"), (5, 10, 20, 34)),
        "demo, fine-tuned": (lambda: demo("linear_probe_finetune"), (5, 10, 20, 34)),
    }
    if given.digits:
        sources["digits"] = lambda: digits(given.digits), (150,)
    table = Table(*_COLUMNS)
    for name, (make, counts) in sources.items():
        for row in rows(name, make(), counts=counts, rate=PROMISED):
            table.add_row(*row)
    Console(width=170).print(table)


if __name__ == "__main__":
    main()
