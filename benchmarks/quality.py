"""How good the demo model is: both protocols, many splits, every method asked for on the same ones.

    python -m benchmarks.quality [--methods ...] [--repeats 10] [--seeds 5] [--results DIR]

* `random`: the published protocol (Deitsch et al. 2019): pictures dealt out 75/25, stratified by
  class and cell type, repeated. It leaks: cells of one module lie on both sides.
* `grouped`: the honest one: four folds that keep the (inferred) modules together and are balanced
  by class and cell type, with several seeds; every picture is tested once a seed.

Label rule: defective when the annotated probability is above 0.5. A tenth of the training part is
held out for calibration and for noticing a bad training; the test part decides nothing. What is
scored is the fitted network with its test-time views, as it is exported (export itself refuses a
model whose served probabilities differ by more than 0.001). With --results, finished splits are
kept and not run again.
"""

import argparse
import dataclasses
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
from rich.console import Console

from benchmarks.first_steps import augment, ingest
from benchmarks.quality_answers import KeptAnswers
from benchmarks.quality_figures import Row, difference_table, figures_table
from components.common import config, plugins
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.records import link_tree
from components.common.artifacts.shards import Shards, targets
from components.common.errors import GraftError
from components.common.seeding import derive
from components.networks import data, network
from components.networks.data import Split
from components.networks.fast.precision import chosen
from components.networks.features.cache import ActivationCache
from components.networks.rows import Floats
from components.train.config import METHODS
from components.train.session import Session, flip_averaged_logits
from components.validate.deal.splits import assign
from pipelines.config import TrainingRun, override, read_preset, resolve

FOLDS = 4
VALIDATION_PARTS = 9
CACHE_BYTES = 40 * 10**9


@dataclass(frozen=True)
class Task:
    """One way to deal out the pictures; `fold` is -1 in the random protocol."""

    protocol: str
    seed: int
    fold: int = -1

    def __str__(self) -> str:
        return f"{self.protocol}-{self.seed}" + (f"-{self.fold}" if self.fold >= 0 else "")


def tasks(protocols: list[str], *, repeats: int, seeds: int) -> Iterator[Task]:
    """Yield every split of the protocols, seeds outermost, so that an early end is balanced."""
    for seed in range(max(repeats, seeds)):
        if "random" in protocols and seed < repeats:
            yield Task("random", seed)
        if "grouped" in protocols and seed < seeds:
            yield from (Task("grouped", seed, fold) for fold in range(FOLDS))


def splits(manifest: pd.DataFrame, task: Task, settings: TrainingRun) -> pd.Series:
    """Return each picture's split."""
    if task.protocol == "random":
        validate = dataclasses.replace(settings.validate, split="random", split_seed=task.seed)
        return assign(manifest.assign(pixels=manifest["sha256"]), settings=validate)
    strata = manifest["label"] + "/" + manifest["domain"]
    rest, test = _folds(strata, manifest["group"], FOLDS, task.seed)[task.fold]
    _, inner = _folds(strata.iloc[rest], manifest["group"].iloc[rest], VALIDATION_PARTS, task.seed)[
        0
    ]
    dealt = np.full(len(manifest), "train", dtype=object)
    dealt[test] = "test"
    dealt[rest[inner]] = "validation"
    return pd.Series(dealt, index=manifest.index)


def _folds(strata: pd.Series, groups: pd.Series, count: int, seed: int) -> list[Any]:
    from sklearn.model_selection import StratifiedGroupKFold

    folder = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    return list(folder.split(strata, strata, groups))


class Bench:
    """Prepares the shards of a split, fits methods to them, keeps what is finished."""

    def __init__(self, settings: TrainingRun, work: Path, results: Path) -> None:
        self._settings = settings
        self._work = work
        self._kept = KeptAnswers(results, settings)
        self._cache = ActivationCache(
            work / "activations", CACHE_BYTES, chosen(settings.train.precision)
        )

    def row(self, task: Task, method: str) -> Row:
        """Return one fitted and scored network, from the results where it is already there."""
        answers = self._kept.read(f"{task}-{method}")
        if answers is None:
            started = time.monotonic()
            answers = self._answers(self.shards(task), task, method)
            answers["seconds"] = time.monotonic() - started
            self._kept.write(f"{task}-{method}", answers)
        return Row(task.protocol, method, task.seed, answers)

    def shards(self, task: Task) -> Shards:
        """Return the pictures as they are dealt out for a task, written on the first call."""
        folder = self._work / str(task)
        if not (folder / "shards" / "shards.json").exists():
            augment(self._dataset(task), out=folder / "shards", settings=self._settings.augment)
        return Shards.read(folder / "shards")

    def _dataset(self, task: Task) -> Path:
        ingested, out = self._work / "ingested", self._work / str(task) / "dataset"
        if not ingested.exists():
            ingest(out=ingested, settings=self._settings.ingest)
        dataset = Dataset.read(ingested)
        link_tree(ingested / "pictures", out / "pictures")
        dealt = splits(dataset.manifest, task, self._settings)
        Dataset(out, dataset.info, dataset.manifest.assign(split=dealt)).write()
        return out

    def _answers(self, shards: Shards, task: Task, method: str) -> pd.DataFrame:
        """Fit, and return the probability of the positive class for every test picture."""
        settings = self._settings.train
        module = plugins.load(METHODS, method)
        own = settings.options if method == settings.method else {}
        options = config.load(module.Options, own, where=f"options of {method}")
        keras.utils.set_random_seed(derive(task.seed, "train"))
        splits = data.read(shards, soft_labels=settings.soft_labels)
        built = network.build(
            settings, image_size_px=shards.info.image_size_px, classes=len(splits.classes)
        )
        session = Session(task.seed, settings.flips, self._cache)
        fitted = module.fit(splits, built, options, session)
        test = split_for_testing(shards)
        kept = getattr(fitted, "network", None) or built
        logits = flip_averaged_logits(kept, test, cut=fitted.cut, session=session)
        positive = shards.info.classes.index(shards.info.positive)
        margin = logits[:, positive] - logits[:, 1 - positive]
        return answers_frame(test, margin, positive=positive)


def answers_frame(test: Split, margin: Floats, *, positive: int) -> pd.DataFrame:
    """Return answers as they are kept: margin above 0 calls a picture of the positive class."""
    return pd.DataFrame(
        {
            "path": test.paths,
            "group": test.groups,
            "defective": test.labels == positive,
            "margin": margin.astype(np.float64),
        }
    )


def split_for_testing(shards: Shards) -> Split:
    """Open the test split, hard labels, which no method is ever given."""
    rows = shards.rows("test")
    return Split(
        pixels=shards.pixels("test"),
        targets=targets(rows, shards.info, soft=False),
        labels=rows["target"].to_numpy(dtype=np.int64),
        weights=np.ones(len(rows), np.float32),
        groups=rows["group"].astype(str).to_numpy(dtype=object),
        paths=tuple(rows["path"]),
        content_sha256=f"test of {shards.info.content_sha256}",
    )


def main() -> None:
    """Measure and print, a line for each finished network."""
    default = resolve(read_preset("solar")).train.method
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", nargs="+", default=["linear_probe", default])
    parser.add_argument("--protocols", nargs="+", default=["random", "grouped"])
    parser.add_argument("--repeats", type=int, default=10, help="of the random protocol")
    parser.add_argument("--seeds", type=int, default=5, help="of the grouped protocol's folds")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="as graft run")
    parser.add_argument("--results", type=Path, help="keep finished splits here and resume")
    asked = parser.parse_args()
    try:
        rows = _measure(asked)
    except GraftError as error:
        parser.error(str(error))
    console = Console()
    console.print(figures_table(rows))
    console.print(difference_table(rows, reference=asked.methods[0]))


def _measure(asked: argparse.Namespace) -> list[Row]:
    settings = resolve(override(read_preset("solar"), asked.set))
    console = Console()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="graft-bench-") as name:
        bench = Bench(settings, Path(name), asked.results or Path(name) / "results")
        for task in tasks(asked.protocols, repeats=asked.repeats, seeds=asked.seeds):
            for method in asked.methods:
                rows.append(bench.row(task, method))
                console.print(f"{task} {rows[-1]}", highlight=False)
    return rows


if __name__ == "__main__":
    main()
