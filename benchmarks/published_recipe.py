"""The CNN of the demo data's authors (Deitsch et al. 2019, arXiv:1807.02894), on our splits.

    python -m benchmarks.published_recipe --weights imagenet|FILE [--protocols random grouped]

VGG-19 from ImageNet at 300 px; its dense layers give way to the mean over the picture, two of 4096
and 2048 and one output: a regression of the annotated probability by its squared error. First the
new layers alone are trained (Adam, rate 0.001, 20 epochs), then all (SGD, rate 0.0005, momentum
0.9, 80 epochs), 16 pictures a step, turned by up to 3 degrees, shifted and scaled by up to 2 %,
mirrored, and by quarter turns. Called defective above one half, which is the nearest of 0, 1/3,
2/3 and 1 being 2/3 or more. These numbers are from descriptions of the paper and a public
re-implementation of it (mehrdadmoradi124 on GitHub), not from its text. Our own choice: of each
stage the epoch with the lowest validation error is kept, and every picture gets quarter turns.

`benchmarks.quality` fits our methods to the same splits; what it kept is set beside it. By its
arithmetic days on a processor: take a GPU. --quick sees in minutes whether it runs; its figures
mean nothing.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console

from benchmarks.quality import Bench, Task, answers_frame, split_for_testing, tasks
from benchmarks.quality_answers import KeptAnswers
from benchmarks.quality_figures import Row, difference_table, figures_table
from components.common.errors import GraftError
from components.common.seeding import derive, generator
from components.networks import data, network
from components.networks.data import Split, TrainingData
from components.networks.rows import FlippedPixels, Floats
from components.train.session import predict
from pipelines.config import TrainingRun, override, read_preset, resolve

NAME = "published_recipe"
OURS = "linear_probe_finetune"
KEPT = Path(__file__).parent / "answers" / "quality"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The paper's numbers, so that a test can take smaller ones."""

    image_size_px: int = 300
    hidden: tuple[int, int] = (4096, 2048)
    batch: int = 16
    head_epochs: int = 20
    head_rate: float = 1e-3
    all_epochs: int = 80
    all_rate: float = 5e-4
    momentum: float = 0.9
    rotation_degrees: float = 3.0
    shift: float = 0.02
    scale: float = 0.02


QUICK = Recipe(image_size_px=32, hidden=(16, 8), head_epochs=1, all_epochs=1)


@dataclass(frozen=True)
class Regressor:
    """The whole network, pixels [N, S, S, 3] -> probability [N, 1], and its pretrained part."""

    model: keras.Model
    backbone: keras.Model


def build(recipe: Recipe, *, weights: str) -> Regressor:
    """Return VGG-19 with the paper's head.

    Args:
        recipe: see Recipe.
        weights: as `train.weights`: "imagenet", "none", a file or an address with its digest.

    Raises:
        WeightsError: they cannot be had, are damaged or of another network.
    """
    size = recipe.image_size_px
    settings = preset(recipe, weights=weights).train
    backbone = network.pretrained(settings, image_size_px=size).model
    pixels = keras.Input((size, size, 3), name="raw")
    varied = keras.Sequential(
        [
            keras.layers.RandomRotation(recipe.rotation_degrees / 360),
            keras.layers.RandomTranslation(recipe.shift, recipe.shift),
            keras.layers.RandomZoom(recipe.scale),
        ]
    )(pixels)
    seen = keras.layers.GlobalAveragePooling2D()(backbone(varied))
    for units in recipe.hidden:
        seen = keras.layers.Dense(units, activation="relu")(seen)
    return Regressor(keras.Model(pixels, keras.layers.Dense(1)(seen)), backbone)


class Batches(keras.utils.PyDataset):
    """Training pictures in a new order each epoch, mirrored and by quarter turns at random."""

    def __init__(self, split: Split, answers: Floats, *, batch: int, seed: int) -> None:
        """Take view 0 of a split, and the probability that each picture is defective."""
        super().__init__()
        self._split, self._answers, self._batch = split, answers, batch
        self._rng = generator(seed, "published recipe")
        self._order = self._rng.permutation(split.pictures)

    def __len__(self) -> int:
        """Return the steps of an epoch."""
        return -(-self._split.pictures // self._batch)

    def __getitem__(self, step: int) -> tuple[Floats, Floats]:
        """Return pixels [batch, S, S, 3] in [0, 255] and probabilities [batch, 1]."""
        chosen = self._order[step * self._batch :][: self._batch]
        pixels = FlippedPixels(self._split.pixels)[chosen]
        turned = np.stack([self._turned(one) for one in pixels])
        return turned.astype(np.float32), self._answers[chosen, None]

    def on_epoch_end(self) -> None:
        """Draw another order."""
        self._order = self._rng.permutation(self._split.pictures)

    def _turned(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        mirrored = pixels[:, ::-1] if self._rng.random() < 0.5 else pixels
        return np.rot90(mirrored, int(self._rng.integers(4)))


def fit(
    regressor: Regressor, splits: TrainingData, recipe: Recipe, *, positive: int, seed: int
) -> None:
    """Train the head, then everything; each time the best epoch by validation is kept.

    Args:
        regressor: trained in place.
        splits: with soft labels.
        recipe: see Recipe.
        positive: the class whose probability is learnt.
        seed: of order, mirrors and quarter turns.
    """
    batches = Batches(
        splits.train, splits.train.targets[:, positive], batch=recipe.batch, seed=seed
    )
    judged = FlippedPixels(splits.validation.pixels)[: splits.validation.pictures]
    truth = splits.validation.targets[:, positive, None]
    stages: tuple[tuple[bool, int, Any], ...] = (
        (False, recipe.head_epochs, keras.optimizers.Adam(recipe.head_rate)),
        (True, recipe.all_epochs, keras.optimizers.SGD(recipe.all_rate, recipe.momentum)),
    )
    for whole, epochs, optimizer in stages:
        regressor.backbone.trainable = whole
        regressor.model.compile(optimizer, loss="mean_squared_error")
        regressor.model.fit(
            batches,
            epochs=epochs,
            validation_data=(judged.astype(np.float32), truth),
            callbacks=[keras.callbacks.EarlyStopping(patience=epochs, restore_best_weights=True)],
            verbose=2,
        )


def answer(bench: Bench, task: Task, recipe: Recipe, *, weights: str) -> pd.DataFrame:
    """Fit the recipe to the training part of a task and answer its test pictures."""
    started = time.monotonic()
    shards = bench.shards(task)
    keras.utils.set_random_seed(derive(task.seed, NAME))
    regressor = build(recipe, weights=weights)
    positive = shards.info.classes.index(shards.info.positive)
    splits = data.read(shards, soft_labels=True)
    fit(regressor, splits, recipe, positive=positive, seed=task.seed)
    test = split_for_testing(shards)
    said = predict(regressor.model, [FlippedPixels(test.pixels)], rows=test.pictures)[:, 0]
    answers = answers_frame(test, said - np.float32(0.5), positive=positive)
    answers["seconds"] = time.monotonic() - started
    return answers


def preset(recipe: Recipe, *, weights: str) -> TrainingRun:
    """Return the demo's settings with the recipe's size, network and one view a picture."""
    changed = [
        f"augment.image_size_px={recipe.image_size_px}",
        "augment.views=1",
        "train.backbone=vgg19",
        f"train.weights={weights}",
    ]
    return resolve(override(read_preset("solar"), changed))


def ours(which: list[Task]) -> list[Row]:
    """Return what our default method answered on those splits, where all of it was kept."""
    kept = KeptAnswers(KEPT, resolve(override(read_preset("solar"), ["train.flips=4"])))
    found = [(task, kept.read(f"{task}-{OURS}")) for task in which]
    return [Row(task.protocol, OURS, task.seed, one) for task, one in found if one is not None]


def main() -> None:
    """Measure and print, a line for each finished network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="imagenet", help="imagenet, a file or an address")
    parser.add_argument("--protocols", nargs="+", default=["random", "grouped"])
    parser.add_argument("--repeats", type=int, default=10, help="of the random protocol")
    parser.add_argument("--seeds", type=int, default=5, help="of the grouped protocol's folds")
    parser.add_argument("--results", type=Path, help="keep finished splits here and resume")
    parser.add_argument("--quick", action="store_true", help="tiny, to see that it runs")
    asked = parser.parse_args()
    try:
        rows, which = _measure(asked)
    except GraftError as error:
        parser.error(str(error))
    console = Console()
    beside = [*rows, *ours(which)]
    console.print(figures_table(beside))
    console.print(difference_table(beside, reference=OURS))


def _measure(asked: argparse.Namespace) -> tuple[list[Row], list[Task]]:
    recipe = QUICK if asked.quick else Recipe()
    settings = preset(recipe, weights=asked.weights)
    which = list(tasks(asked.protocols, repeats=asked.repeats, seeds=asked.seeds))
    console = Console()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="graft-bench-") as name:
        results = asked.results or Path(name) / "results"
        kept, bench = KeptAnswers(results, settings), Bench(settings, Path(name), results)
        for task in which:
            answers = kept.read(f"{task}-{NAME}")
            if answers is None:
                answers = answer(bench, task, recipe, weights=asked.weights)
                kept.write(f"{task}-{NAME}", answers)
            rows.append(Row(task.protocol, NAME, task.seed, answers))
            console.print(f"{task} {rows[-1]}", highlight=False)
    return rows, which


if __name__ == "__main__":
    main()
