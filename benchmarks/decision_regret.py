"""Is `method: auto` worth having? Its regret against the best of all ways to transfer.

    python -m benchmarks.decision_regret [--seeds 3] [--size-px 96] [--results FILE] [--quick]

Cells: the demo data (module-grouped split) at 5, 20 and 100 % of the training pictures, 5,000
digits at 1, 10 and 100 %. In each cell every arm is trained and scored on the same test pictures:
ROC-AUC with two classes, else accuracy, both in points. Regret is what a choice loses to the best
arm, on the mean over seeds; "always LP-FT" and "always the probe" are the rivals that need no rule.
Goal: within 1 point in 80 % of the cells, never worse than 3. An arm that is left out (`--arms`)
makes every regret look smaller.

All cells of a seed are drawn from one set of shards, and all arms of a cell share one cache of
activations. With --results, what is finished is kept in FILE and not run again.
"""

import argparse
import contextlib
import dataclasses
import json
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.digits import digits
from benchmarks.first_steps import augment, ingest, validate
from components.common import plugins
from components.common.artifacts.candidate import Candidate
from components.common.artifacts.records import link_or_copy
from components.common.artifacts.shards import Shards
from components.common.pictures.flips import FLIPS
from components.common.seeding import generator
from components.common.statistics.figures import measure
from components.networks.rows import FlippedPixels
from components.train.config import METHODS
from components.train.fit import train
from components.train.methods.auto import Choosable
from components.train.session import predict
from pipelines.config import TrainingRun, override, read_preset, resolve

AUTO = "auto"
LP_FT = "linear_probe_finetune"
PROBE = "linear_probe"
# What needs more than pictures and labels (a teacher, attributes, domains) has a check for it.
ARMS = tuple(
    name
    for name in plugins.names(METHODS)
    if name != AUTO and not hasattr(plugins.load(METHODS, name), "check")
)
RIVALS = (LP_FT, PROBE)
WITHIN_POINTS, NEVER_WORSE_POINTS, SHARE_OF_CELLS = 1.0, 3.0, 0.8
_LEAST_A_CLASS = 2


@dataclass(frozen=True)
class Cell:
    """One task: a data set and the share of its training and validation pictures."""

    data: str
    percent: int

    def __str__(self) -> str:
        return f"{self.data} {self.percent} %"


CELLS = tuple(
    Cell(data, percent)
    for data, percents in (("elpv", (5, 20, 100)), ("digits", (1, 10, 100)))
    for percent in percents
)
QUICK_CELLS = (Cell("elpv", 5), Cell("digits", 1), Cell("digits", 10))


@dataclass(frozen=True, kw_only=True)
class Row:
    """One fitted and scored network. `chosen`, `cell_of_rule` and `similarity` are auto's.

    train_s: None where the fit is the one that auto kept.
    """

    cell: str
    seed: int
    size_px: int
    epochs: int
    precision: str
    arm: str
    points: float
    train_s: float | None
    chosen: str = ""
    cell_of_rule: str = ""
    similarity: float | None = None


@dataclass(frozen=True)
class Plan:
    """What is run. `epochs` 0 leaves them to each method; `precision` as for `graft run`."""

    cells: tuple[Cell, ...]
    arms: tuple[str, ...]
    seeds: int
    size_px: int
    epochs: int
    precision: Literal["auto", "float32", "bfloat16"]


def subsample(source: Shards, out: Path, *, percent: int, seed: int) -> Shards:
    """Write Shards with a share of the training and validation pictures, class by class.

    At least two pictures of each class stay; the test split is taken over whole.
    """
    out.mkdir(parents=True, exist_ok=True)
    parts = [source.rows("test")]
    link_or_copy(source.root / "test.npy", out / "test.npy")
    for split in ("train", "validation"):
        rows = source.rows(split)
        pictures = int((rows["view"] == 0).sum())
        chosen = _chosen(rows["target"].to_numpy()[:pictures], percent, seed, split)
        views = len(rows) // pictures
        kept = np.concatenate([view * pictures + chosen for view in range(views)])
        np.save(out / f"{split}.npy", source.pixels(split)[kept])
        parts.append(rows.iloc[kept].assign(row=np.arange(len(kept))))
    index = pd.concat(parts, ignore_index=True)
    digest = f"{source.info.content_sha256} {percent} % by {seed}"
    shards = Shards(out, dataclasses.replace(source.info, content_sha256=digest), index)
    shards.write()
    return shards


def _chosen(targets: Any, percent: int, seed: int, split: str) -> Any:
    rng = generator(seed, "subsample", split, str(percent))
    chosen = []
    for name in np.unique(targets):
        mine = np.flatnonzero(targets == name)
        count = min(len(mine), max(_LEAST_A_CLASS, round(len(mine) * percent / 100)))
        chosen.append(rng.permutation(mine)[:count])
    return np.sort(np.concatenate(chosen))


def points(shards: Shards, candidate: Candidate) -> float:
    """Return the score of a candidate on the test split, in points."""
    pixels, truth = shards.pixels("test"), shards.rows("test")["target"].to_numpy(dtype=int)
    model = keras.models.load_model(candidate.model_path, compile=False)
    views = FLIPS[: candidate.info.flips]
    logits = [predict(model, [FlippedPixels(pixels, flip)], rows=len(pixels)) for flip in views]
    mean = np.mean(logits, axis=0)
    metric = "roc_auc" if mean.shape[1] == 2 else "accuracy"
    return 100.0 * measure(metric, truth, mean - mean.mean(axis=1, keepdims=True))


def regret(rows: Iterable[Row], arm: str) -> float:
    """Return what `arm` loses to the best arm of a cell, in points of the mean over seeds."""
    mine = list(rows)
    means = {name: mean_points(mine, name) for name in {row.arm for row in mine}}
    return max(value for name, value in means.items() if name != AUTO) - means[arm]


def mean_points(rows: Iterable[Row], arm: str) -> float:
    """Return an arm's mean score over the seeds."""
    return statistics.mean(row.points for row in rows if row.arm == arm)


class Bench:
    """Prepares shards, trains the arms, keeps what is finished."""

    def __init__(self, plan: Plan, work: Path, results: Path | None, console: Console) -> None:
        self._plan = plan
        self._work = work
        self._results = results
        self._console = console
        self._rows = _read(results) if results and results.exists() else []

    def run(self) -> list[Row]:
        """Run what is not finished yet and return all rows of the plan."""
        for seed in range(self._plan.seeds):
            for cell in self._plan.cells:
                for arm in (AUTO, *self._plan.arms):
                    if self._row(cell, seed, arm) is None:
                        self._keep(self._measure(cell, seed, arm))
        cells, arms = {str(cell) for cell in self._plan.cells}, {AUTO, *self._plan.arms}
        asked = (row for row in self._rows if row.cell in cells and row.arm in arms)
        return [row for row in asked if self._fits(row)]

    def _row(self, cell: Cell, seed: int, arm: str) -> Row | None:
        for row in self._rows:
            if (row.cell, row.seed, row.arm) == (str(cell), seed, arm) and self._fits(row):
                return row
        return None

    def _fits(self, row: Row) -> bool:
        plan = self._plan
        alike = (row.size_px, row.epochs, row.precision)
        return alike == (plan.size_px, plan.epochs, plan.precision) and row.seed < plan.seeds

    def _keep(self, row: Row) -> None:
        self._rows.append(row)
        self._console.print(f"{row.cell} seed {row.seed} {row.arm}: {row.points:.2f} {row.chosen}")
        if self._results:
            with self._results.open("a") as stream:
                stream.write(json.dumps(dataclasses.asdict(row)) + "\n")

    def _measure(self, cell: Cell, seed: int, arm: str) -> Row:
        auto = self._row(cell, seed, AUTO)
        if auto is not None and auto.chosen == arm:
            # The same fit: same data, same settings, same seed.
            return dataclasses.replace(
                auto, arm=arm, chosen="", cell_of_rule="", similarity=None, train_s=None
            )
        shards = self._shards(cell, seed)
        settings = dataclasses.replace(
            _settings(cell.data, seed, self._plan.size_px).train,
            method=arm,
            precision=self._plan.precision,
            options=_options(arm, self._plan),
        )
        started = time.monotonic()
        with tempfile.TemporaryDirectory(dir=self._work) as folder:
            out = Path(folder) / "candidate"
            train(shards.root, out=out, settings=settings, cache_dir=str(self._work / "cache"))
            train_s = time.monotonic() - started
            candidate = Candidate.read(out)
            found, decision = points(shards, candidate), candidate.decision()
        return Row(
            cell=str(cell),
            seed=seed,
            size_px=self._plan.size_px,
            epochs=self._plan.epochs,
            precision=self._plan.precision,
            arm=arm,
            points=found,
            train_s=train_s,
            chosen=decision.method if decision else "",
            cell_of_rule=decision.cell if decision else "",
            similarity=decision.similarity if decision else None,
        )

    def _shards(self, cell: Cell, seed: int) -> Shards:
        whole = self._whole(cell.data, seed)
        if cell.percent == 100:
            return whole
        folder = self._work / f"{cell.data}-{seed}-{cell.percent}"
        if (folder / "shards.json").exists():
            return Shards.read(folder)
        return subsample(whole, folder, percent=cell.percent, seed=seed)

    def _whole(self, data: str, seed: int) -> Shards:
        ingested, folder = self._work / data, self._work / f"{data}-{seed}"
        settings = _settings(data, seed, self._plan.size_px)
        if not ingested.exists():
            ingest(out=ingested, settings=settings.ingest)
        if not (folder / "shards" / "shards.json").exists():
            dataset, report = folder / "dataset", folder / "report"
            validate(ingested, out=dataset, report=report, settings=settings.validate)
            augment(dataset, out=folder / "shards", settings=settings.augment)
        return Shards.read(folder / "shards")


def _settings(data: str, seed: int, size_px: int) -> TrainingRun:
    # Every arm is scored on the same test split.
    changes = ["evaluate.evidence=holdout", f"seed={seed}", f"augment.image_size_px={size_px}"]
    if data == "digits":
        folder = digits(Path(".graft") / "digits")
        # A mirrored digit is another sign, so no flips, neither in training nor in testing.
        changes += ["ingest.source=folder", f"ingest.path={folder}", "validate.min_size_px=28"]
        changes += ["augment.policy=none", "augment.views=1", "train.flips=1"]
    return resolve(override(read_preset("solar"), changes))


def _options(method: str, plan: Plan) -> dict[str, Any]:
    if not plan.epochs:
        return {}
    if method == AUTO:
        choosable = [field.name for field in dataclasses.fields(Choosable)]
        return {"methods": {name: _options(name, plan) for name in choosable}}
    known = {field.name for field in dataclasses.fields(plugins.load(METHODS, method).Options)}
    return {"epochs": plan.epochs} if "epochs" in known else {}


def _read(file: Path) -> list[Row]:
    return [Row(**json.loads(line)) for line in file.read_text().splitlines() if line.strip()]


def table(rows: list[Row], plan: Plan) -> Table:
    """Return the scores, a line an arm, then auto's choice, its score and what choices lose."""
    drawn = Table(title=f"points, mean over {plan.seeds} seed(s), {plan.size_px} px")
    cells = list(_by_cell(rows))
    for column in ("", *(cell for cell, _ in cells)):
        drawn.add_column(column)
    for arm in plan.arms:
        drawn.add_row(arm, *(f"{mean_points(mine, arm):.2f}" for _, mine in cells))
    drawn.add_section()
    drawn.add_row("auto chose", *(_choices(mine) for _, mine in cells))
    drawn.add_row("auto", *(f"{mean_points(mine, AUTO):.2f}" for _, mine in cells))
    for arm in (AUTO, *(arm for arm in RIVALS if arm in plan.arms)):
        drawn.add_row(f"regret of {arm}", *(f"{regret(mine, arm):.2f}" for _, mine in cells))
    return drawn


def _choices(mine: list[Row]) -> str:
    chosen = [f"{row.chosen} ({row.cell_of_rule})" for row in mine if row.arm == AUTO]
    return ", ".join(dict.fromkeys(chosen))


def verdict(rows: list[Row], arm: str) -> str:
    """Say how often an arm is within the goal, and how bad it gets."""
    losses = [regret(mine, arm) for _, mine in _by_cell(rows)]
    within = sum(loss <= WITHIN_POINTS for loss in losses)
    met = within >= SHARE_OF_CELLS * len(losses) and max(losses) <= NEVER_WORSE_POINTS
    return (
        f"{arm}: within {WITHIN_POINTS:g} point of the best arm in {within} of {len(losses)} "
        f"cells, worst {max(losses):.2f}, mean {statistics.mean(losses):.2f}: "
        f"goal {'met' if met else 'missed'}"
    )


def _by_cell(rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    for cell in dict.fromkeys(row.cell for row in rows):
        yield cell, [row for row in rows if row.cell == cell]


def main() -> None:
    """Measure and print, a line for each finished network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--size-px", type=int, default=96)
    parser.add_argument("--arms", nargs="+", default=list(ARMS))
    parser.add_argument("--epochs", type=int, default=0, help="of every method; 0: its own")
    parser.add_argument("--precision", default="float32", choices=["auto", "float32", "bfloat16"])
    parser.add_argument("--cells", nargs="+", help="such as elpv:20 digits:10; default: all six")
    parser.add_argument("--results", type=Path, help="keep finished rows here and resume")
    parser.add_argument("--work", type=Path, help="keep shards and cached activations here")
    parser.add_argument("--quick", action="store_true", help="three small cells, one seed, 64 px")
    asked = parser.parse_args()
    cells = tuple(Cell(d, int(p)) for d, _, p in (c.partition(":") for c in asked.cells or ()))
    plan = Plan(
        cells or CELLS,
        tuple(asked.arms),
        asked.seeds,
        asked.size_px,
        asked.epochs,
        asked.precision,
    )
    if asked.quick:
        plan = dataclasses.replace(plan, cells=QUICK_CELLS, seeds=1, size_px=64, epochs=3)
    absent = [arm for arm in plan.arms if arm not in plugins.names(METHODS)]
    if absent:
        parser.error(f"no such method: {', '.join(absent)}")
    console = Console()
    with contextlib.ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="graft-regret-")
        work = asked.work or Path(stack.enter_context(temporary))
        work.mkdir(parents=True, exist_ok=True)
        rows = Bench(plan, work, asked.results, console).run()
    console.print(table(rows, plan))
    for arm in (AUTO, *(arm for arm in RIVALS if arm in plan.arms)):
        console.print(verdict(rows, arm))


if __name__ == "__main__":
    main()
