"""How many mirrored views are worth their cost, to train on and to answer by?

    python -m benchmarks.views [--set-of demo|NAME=FOLDER] [--networks efficientnet_lite/2@160 ...]

Frozen features once a network, size and view; then the probe under the grouped folds of
`benchmarks.quality`, trained on the pictures as they are, on mirrored ones, or on the product's
augmented ones, and asked for the mean over one, two or four mirrored views. Today's are four
augmented and four mirrored ones. "distilled": fitted so that each view answers half the label and
half what probes of other groups answer on average over the picture's four views (self-distillation,
see `fit_probe`).

An answer's cost is the median time of the whole network in float32 for one picture with its views
in one batch, measured in turn on this machine. A row is on the front when no other row of the
table is better in ROC-AUC for no more time. Features are bfloat16 where the processor has it. With
--work they are kept, and another call only fits probes.
"""

import argparse
import logging
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks.first_steps import all_for_training
from benchmarks.quality import CACHE_BYTES, FOLDS, Task, splits
from benchmarks.sets import FASHION
from benchmarks.small_sets import settings_of
from benchmarks.views_figures import Served, table
from components.common.artifacts.shards import Shards
from components.common.errors import GraftError
from components.common.pictures.flips import FLIPS
from components.common.progress import LogListener, listening, track
from components.common.statistics.figures import Scored
from components.common.statistics.folds import Fold
from components.common.statistics.temperature import softmax
from components.networks import data, network
from components.networks.config import EMBEDDING, INPUT, LOGITS
from components.networks.data import Split
from components.networks.fast.precision import chosen
from components.networks.features.answers import answers
from components.networks.features.cache import ActivationCache, Want
from components.networks.network import Network
from components.networks.probe.probe import Probe, fit_probe
from components.networks.rows import Floats, Positions
from pipelines.config import TrainingRun

LOG = logging.getLogger(__name__)

NETWORKS = ("efficientnet_lite/0@160", "efficientnet_lite/1@160", "efficientnet_lite/2@160")
AUGMENTED = "4 augmented"
DISTILLED = "4 augmented, distilled"
# What a probe is trained on: so many views of each picture, the picture as it is among them.
TRAINED = {"1": 1, "2 mirrored": 2, "4 mirrored": 4, AUGMENTED: 4, DISTILLED: 4}
ANSWERED = (1, 2, 4)
TODAYS = (AUGMENTED, 4)
_TIMED_ROUNDS = 40


@dataclass(frozen=True)
class Features:
    """A set's pictures as one network sees them.

    mirrored: float [N, D] for each of FLIPS.
    augmented: float [4 N, D], view-major.
    """

    split: Split
    mirrored: tuple[Floats, ...]
    augmented: Floats

    def trained_on(self, trained: str, rows: Positions) -> Floats:
        """Return the features of the pictures at `rows` that a probe is fitted on, view-major."""
        if trained in {AUGMENTED, DISTILLED}:
            return np.concatenate(
                [self.augmented[rows + view * self.split.pictures] for view in range(4)]
            )
        return np.concatenate([one[rows] for one in self.mirrored[: TRAINED[trained]]])


def fitted(
    features: Features, trained: str, rows: Positions, *, seed: int, strength: float = 0.0
) -> Probe:
    """Return the probe of the pictures at `rows`; a strength of 0 is chosen as the product does."""
    split, own = features.split.select(rows), features.trained_on(trained, rows)
    share = 0.5 if trained == DISTILLED else 0.0
    return fit_probe(own, split, strength=strength, seed=seed, distil=share)


def answered(features: Features, probe: Probe, rows: Positions, *, views: int) -> Floats:
    """Return the probabilities of the pictures at `rows`, float32 [n, classes]."""
    said = [probe.logits(one[rows]) for one in features.mirrored[:views]]
    return softmax(np.mean(said, axis=0, dtype=np.float32))


def served(
    name: str,
    features: Features,
    folds: list[tuple[int, Fold]],
    *,
    positive: int | None,
    costs_ms: dict[int, float],
) -> Iterator[Served]:
    """Yield every way to train and to ask of one network.

    Args:
        name: of the network.
        features: of all pictures.
        folds: each with its seed.
        positive: see `Scored`.
        costs_ms: of an answer, by views.
    """
    groups = np.concatenate([features.split.groups[fold.outer] for _, fold in folds])
    # The penalty is chosen on the pictures as they are, so once a fold for every way.
    strengths = [0.0] * len(folds)
    for trained in TRAINED:
        probes = [
            fitted(features, trained, fold.inner, seed=seed, strength=strength)
            for (seed, fold), strength in track(
                list(zip(folds, strengths, strict=True)), f"{name}, trained on {trained}"
            )
        ]
        strengths = strengths if all(strengths) else [probe.strength for probe in probes]
        for views in ANSWERED:
            found = []
            for (_, fold), probe in zip(folds, probes, strict=True):
                said = answered(features, probe, fold.outer, views=views)
                labels = features.split.labels[fold.outer]
                found.append(Scored(labels, said.argmax(axis=1), said, positive))
            yield Served(
                network=name,
                trained=trained,
                views=views,
                splits=tuple(found),
                groups=tuple(groups.tolist()),
                cost_ms=costs_ms[views],
            )


def costs_ms(built: Network) -> dict[int, float]:
    """Return the median time of an answer by the number of its views, measured in turn."""
    whole = built.frozen_between((INPUT,), (LOGITS,))
    (shape,) = (tuple(built.model.inputs[0].shape[1:]),)
    took: dict[int, list[float]] = {views: [] for views in ANSWERED}
    for number in track(range(_TIMED_ROUNDS + 1), "timing answers"):
        for views in ANSWERED:
            pixels = np.full((views, *shape), 127.0, np.float32)
            started = time.perf_counter()
            answers(whole, [pixels])
            if number:  # the first call compiles
                took[views].append(1000 * (time.perf_counter() - started))
    return {views: statistics.median(times) for views, times in took.items()}


def features_of(built: Network, shards: Shards, cache: ActivationCache) -> Features:
    """Return what the frozen network makes of every picture in every view."""
    split = data.read(shards, soft_labels=True).train
    plain = split.take(np.arange(split.pictures))
    (augmented,) = cache.get(built, Want(split, (EMBEDDING,)))
    mirrored = tuple(cache.get(built, Want(plain, (EMBEDDING,), flip))[0] for flip in FLIPS)
    return Features(plain, mirrored, augmented)


def dealt(shards: Shards, settings: TrainingRun, *, seeds: int) -> list[tuple[int, Fold]]:
    """Return the folds of `benchmarks.quality`, whose validation part is not used."""
    index = shards.rows("train")
    pictures = index[index["view"] == 0].reset_index(drop=True)
    pictures["label"] = np.array(shards.info.classes)[pictures["target"]]
    found = []
    for seed in range(seeds):
        for number in range(FOLDS):
            split = splits(pictures, Task("grouped", seed, number), settings).to_numpy()
            fold = Fold(np.flatnonzero(split == "train"), np.flatnonzero(split == "test"))
            found.append((seed, fold))
    return found


def _measured(asked: argparse.Namespace, work: Path) -> list[Served]:
    changes = ["train.precision=auto", "train.cache_gb=40", *asked.set]
    rows: list[Served] = []
    for name in asked.networks:
        backbone, size = name.split("@")
        own = [f"train.backbone={backbone}", f"augment.image_size_px={size}"]
        own += [f"train.weights=data/weights/{backbone.replace('/', '')}.h5", "augment.views=4"]
        settings = settings_of(
            asked.set_of, work=work, fashion=asked.fashion, changes=[*changes, *own]
        )
        shards = all_for_training(settings, work / f"{asked.set_of.partition('=')[0]}-{size}")
        built = network.build(
            settings.train, image_size_px=int(size), classes=len(shards.info.classes)
        )
        cache = ActivationCache(work / "activations", CACHE_BYTES, chosen(settings.train.precision))
        features = features_of(built, shards, cache)
        info = shards.info
        positive = info.classes.index(info.positive) if info.positive else None
        folds = dealt(shards, settings, seeds=asked.seeds)
        for row in served(name, features, folds, positive=positive, costs_ms=costs_ms(built)):
            LOG.info("%s", row)
            rows.append(row)
    return rows


def main() -> None:
    """Measure and print, a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set-of", default="demo", help="demo, digits, fashion or NAME=PATH")
    parser.add_argument("--networks", nargs="+", default=NETWORKS, metavar="NETWORK@PX")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--fashion", type=Path, default=FASHION, help="folder of Debian's package")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="as graft run")
    parser.add_argument("--work", type=Path, help="keep pictures and features here")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with tempfile.TemporaryDirectory(prefix="graft-bench-") as temporary:
        try:
            with listening(LogListener(3.0)):
                rows = _measured(asked, asked.work or Path(temporary))
        except GraftError as error:
            parser.error(str(error))
        Console(width=160).print(table(f"views, {asked.set_of}", rows, reference=TODAYS))


if __name__ == "__main__":
    main()
