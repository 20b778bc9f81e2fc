"""Which way to transfer is best where there are few pictures? Several small sets, equal folds.

    python -m benchmarks.small_sets --sets demo digits fashion NAME=FOLDER NAME=MANIFEST.csv \
        [--methods ...] [--seeds 5] [--results DIR]

Each set is dealt into four stratified folds that keep groups together (two where a class has two
groups), dealt again for each seed; every picture is asked once a seed, by a network that was fitted
on the other folds, all of them: nothing is held back, as where the product cross-validates. Beside
the methods stands what a competent user would do without Graft: scikit-learn's LogisticRegression
on the same features, standardised, its penalty by accuracy under inner folds. No default may fall
below that.

The intervals are of the mean over seeds, from leaving out one group after the other. The drawn
digits and garments are the sets of `benchmarks.sets`. With --results, finished folds are kept and
not run again.
"""

import argparse
import itertools
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console

from benchmarks.first_steps import all_for_training
from benchmarks.quality_answers import KeptAnswers
from benchmarks.sets import FASHION, small_digits, small_fashion
from benchmarks.small_sets_figures import Answered, difference_table, figures_table
from components.common import plugins
from components.common.errors import DataError, GraftError
from components.common.pictures.flips import FLIPS
from components.common.statistics.folds import Fold, covering_folds, grouped_folds
from components.networks import data, network
from components.networks.config import EMBEDDING
from components.networks.data import Split, TrainingData
from components.networks.fast.precision import chosen
from components.networks.features.cache import ActivationCache, Want
from components.networks.network import Network
from components.networks.rows import Floats, Positions, Rows
from components.train.config import METHODS, method_options
from components.train.folds.cross_validation import ChosenMethod, as_it_was
from components.train.session import Session, flip_averaged_logits
from pipelines.config import TrainingRun, override, read_preset, resolve

BAR = "logistic_regression"
FOLDS = 4
CACHE_BYTES = 40 * 10**9
# A mirrored digit is another sign.
_UNFLIPPED = ("augment.policy=none", "augment.views=1", "train.flips=1")
_BAR_STRENGTHS = tuple(float(10**power) for power in range(-4, 3))


@dataclass(frozen=True)
class Fitted:
    """One fold's answers, logits float32 [n, classes], and the processor seconds of the fit."""

    logits: Floats
    seconds: float


def settings_of(name: str, *, work: Path, fashion: Path, changes: list[str]) -> TrainingRun:
    """Return the settings of a set: a known name, or NAME=PATH of a folder or a manifest."""
    if name == "demo":
        return resolve(override(read_preset("solar"), changes))
    _, _, path = name.partition("=")
    own: tuple[str, ...] = ()
    if name == "digits":
        path, own = str(small_digits(work / "digits", work=work)), _UNFLIPPED
    elif name == "fashion":
        path = str(small_fashion(work / "fashion", source=fashion))
    elif not path:
        raise DataError("demo, digits, fashion or NAME=PATH", received=name, do="name one of these")
    source = "manifest" if path.endswith(".csv") else "folder"
    ingested = (f"ingest.source={source}", f"ingest.path={path}")
    return resolve(override(read_preset("pictures"), [*ingested, *changes, *own]))


class Bench:
    """One set: its pictures, the network's features of them, and what was answered so far."""

    def __init__(self, name: str, settings: TrainingRun, work: Path, results: Path) -> None:
        self.name = name.partition("=")[0]
        self._settings = settings
        self._work = work / f"{self.name}-prepared"
        self._kept = KeptAnswers(results / self.name, settings)
        self._prepared: tuple[TrainingData, Network] | None = None

    def answered(self, method: str, seed: int) -> Answered:
        """Return every picture's answer by one method, from the results where it is there."""
        parts = [self._fold(method, seed, 0)]
        folds = int(parts[0]["folds"].iloc[0])
        parts += [self._fold(method, seed, number) for number in range(1, folds)]
        return Answered(self.name, method, seed, pd.concat(parts, ignore_index=True))

    def _fold(self, method: str, seed: int, number: int) -> pd.DataFrame:
        name = f"{seed}-{number}-{method}"
        kept = self._kept.read(name)
        if kept is not None:
            return kept
        pictures, _ = self._ready()
        train = pictures.train
        folds = covering_folds(train.labels, train.groups, folds=FOLDS, seed=seed)
        if not folds:
            raise DataError(
                "every class in at least two groups",
                received=f"a class of {self.name} within one group",
                do="add pictures of another group, or leave the manifest's groups out",
            )
        fold = folds[number]
        fitted = self._fit(method, fold, seed)
        answers = pd.DataFrame(
            {
                "path": [train.paths[row] for row in fold.outer],
                "group": train.groups[fold.outer],
                "target": train.labels[fold.outer],
                **{
                    f"z_{label}": fitted.logits[:, column]
                    for column, label in enumerate(pictures.classes)
                },
                "seconds": fitted.seconds,
                "folds": len(folds),
            }
        )
        self._kept.write(name, answers)
        return answers

    def _fit(self, method: str, fold: Fold, seed: int) -> Fitted:
        pictures, built = self._ready()
        settings = self._settings.train
        cache = ActivationCache(self._work / "activations", CACHE_BYTES, chosen(settings.precision))
        session = Session(seed, settings.flips, cache)
        plain = pictures.train.take(np.arange(pictures.train.pictures))
        if method == BAR:
            return _plain_regression(plain, fold, built, session)
        own = settings.options if method == settings.method else {}
        recipe = ChosenMethod(plugins.load(METHODS, method), method_options(method, own))
        with as_it_was(built):
            started = time.process_time()
            fitted = recipe.fit(pictures.fold(fold.inner), built, session)
            seconds = time.process_time() - started
            kept = fitted.network or built
            asked = plain.select(fold.outer)
            logits = flip_averaged_logits(kept, asked, cut=fitted.cut, session=session)
        return Fitted(logits, seconds)

    def _ready(self) -> tuple[TrainingData, Network]:
        """Return the pictures, all of them for training, and the network with a blank head."""
        if self._prepared is None:
            shards = all_for_training(self._settings, self._work)
            pictures = data.read(shards, soft_labels=self._settings.train.soft_labels)
            built = network.build(
                self._settings.train,
                image_size_px=shards.info.image_size_px,
                classes=len(pictures.classes),
            )
            self._prepared = pictures, built
        return self._prepared


def _plain_regression(plain: Split, fold: Fold, built: Network, session: Session) -> Fitted:
    """Fit scikit-learn's logistic regression to the embeddings of the pictures as they are."""
    flipped = [
        np.asarray(session.cache.get(built, Want(plain, (EMBEDDING,), flip))[0], np.float64)
        for flip in FLIPS[: session.flips]
    ]
    started = time.process_time()
    known, labels = flipped[0][fold.inner], plain.labels[fold.inner]
    inner = grouped_folds(labels, plain.groups[fold.inner], folds=FOLDS, seed=session.seed)
    asked = np.mean(flipped, axis=0)[fold.outer]
    logits = regression(known, labels, inner, asked)
    return Fitted(logits, time.process_time() - started)


def regression(known: Rows, labels: Positions, inner: tuple[Fold, ...], asked: Rows) -> Floats:
    """Return the logits of standardised logistic regression, float32 [n, classes].

    The features are turned into the span of the pictures first, in which the solution lies.

    Args:
        known: features [N, D].
        labels: int [N].
        inner: folds by whose accuracy the penalty is chosen; C = 1, the library's, without any.
        asked: features [n, D].
    """
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(known)
    basis, coordinates = np.linalg.qr(scaler.transform(known).T)
    rows = coordinates.T
    hits = np.zeros(len(_BAR_STRENGTHS))
    for fold in inner:
        path = _regressions(rows[fold.inner], labels[fold.inner])
        hits += [np.sum(one.predict(rows[fold.outer]) == labels[fold.outer]) for one in path]
    best = int(hits.argmax()) if inner else _BAR_STRENGTHS.index(1.0)
    for model in itertools.islice(_regressions(rows, labels), best + 1):
        said = model.decision_function(scaler.transform(asked) @ basis)
    logits = np.stack([-said / 2, said / 2], axis=1) if said.ndim == 1 else said
    return logits.astype(np.float32)


def _regressions(rows: Rows, labels: Positions) -> Iterator[Any]:
    """Yield the model fitted at one penalty after the other, each from where the last ended."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=300, warm_start=True)
    for strength in _BAR_STRENGTHS:
        model.C = strength
        yield model.fit(rows, labels)


def _all(benches: list[Bench], methods: list[str], seeds: int) -> Iterator[Answered]:
    """Yield every set, method and seed, the cheap ones first, so that an early end is balanced."""
    for seed in range(seeds):
        for method in methods:
            for bench in benches:
                yield bench.answered(method, seed)


def main() -> None:
    """Measure and print, a line for each set, method and seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", default=["demo", "digits", "fashion"])
    parser.add_argument("--methods", nargs="+", default=[BAR, "linear_probe"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--fashion", type=Path, default=FASHION, help="folder of Debian's package")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="as graft run")
    parser.add_argument("--work", type=Path, help="keep pictures and features here")
    parser.add_argument("--results", type=Path, help="keep finished folds here and resume")
    asked = parser.parse_args()
    console = Console()
    rows = []
    with tempfile.TemporaryDirectory(prefix="graft-bench-") as temporary:
        work, results = asked.work or Path(temporary), asked.results or Path(temporary) / "results"
        try:
            benches = [
                Bench(
                    name,
                    settings_of(name, work=work, fashion=asked.fashion, changes=asked.set),
                    work,
                    results,
                )
                for name in asked.sets
            ]
            for row in _all(benches, asked.methods, asked.seeds):
                rows.append(row)
                console.print(str(row), highlight=False)
        except GraftError as error:
            parser.error(str(error))
    console.print(figures_table(rows))
    console.print(difference_table(rows, reference=asked.methods[0]))


if __name__ == "__main__":
    main()
