"""Does the label advisor's forecast come true? From half of the demo data to all of it.

    python -m benchmarks.label_advisor [--repeats 20] [--size-px 160] [--features FILE]

Twenty times half of the demo data is drawn, the advisor draws its curve from it and foretells what
share of each class is found with as many training pictures as all of the data give. What is found
then is measured by the same probe and folds on all of it. Halves are drawn in two ways, by class
and cell type:

* `pictures`: from every module half of its cells. More of what is there: what the interval is for.
* `modules`: half of the modules. The rest are modules of which the advisor has seen nothing.

Beside the forecast stands its simplest rival: nothing changes. Goal: the interval of the mean over
classes holds the value in at least 70 % of the repeats and is at most 6 points wide.
"""

import argparse
import dataclasses
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from benchmarks.first_steps import augment, ingest
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.shards import Shards
from components.common.progress import track
from components.common.seeding import generator
from components.common.statistics.weighted import Integers
from components.evaluate.advisor.curve import Curve, learning_curve
from components.evaluate.advisor.forecast import forecast, measured
from components.networks import data, network
from components.networks.config import EMBEDDING
from components.networks.features.cache import ActivationCache, Want
from pipelines.config import TrainingRun, override, read_preset, resolve
from pipelines.console.progress import bars

# More folds than in a run: what is foretold should not be noise itself.
_REPEATS_OF_ALL = 20
WAYS = ("pictures", "modules")


@dataclass(frozen=True)
class Pictures:
    """Embeddings float32 [N, D], classes int [N], and groups and domains, text [N]."""

    features: npt.NDArray[np.float32]
    labels: Integers
    groups: npt.NDArray[np.str_]
    domains: npt.NDArray[np.str_]
    classes: tuple[str, ...]

    def take(self, rows: Integers) -> "Pictures":
        """Return a part."""
        names = ("features", "labels", "groups", "domains")
        return dataclasses.replace(self, **{name: getattr(self, name)[rows] for name in names})

    def curve(self, *, seed: int, **settings: int) -> Curve:
        """Return the learning curve of these pictures."""
        found = learning_curve(
            self.features,
            self.labels,
            self.groups,
            classes=len(self.classes),
            seed=seed,
            **settings,
        )
        assert found is not None
        return found


@dataclass(frozen=True)
class Row:
    """One forecast of one figure, shares: what was foretold and found; `now` in the half."""

    way: str
    name: str
    now: float
    value: float
    low: float
    high: float
    truth: float


def half(pictures: Pictures, way: str, *, seed: int) -> Integers:
    """Return the positions of half of the pictures, rising."""
    strata = np.char.add(pictures.labels.astype(np.str_), pictures.domains)
    if way == "modules":
        from sklearn.model_selection import StratifiedGroupKFold

        dealer = StratifiedGroupKFold(2, shuffle=True, random_state=seed)
        dealt: Integers = next(dealer.split(strata, strata, pictures.groups))[0]
        return np.sort(dealt)
    strata = np.char.add(strata, pictures.groups)
    random = generator(seed, "half")
    chosen = []
    for name in np.unique(strata):
        mine = random.permutation(np.flatnonzero(strata == name))
        # Of an odd one, the larger half as often as the smaller one.
        chosen.append(mine[: (len(mine) + random.integers(2)) // 2])
    return np.sort(np.concatenate(chosen))


def rows(pictures: Pictures, *, repeats: int) -> Iterator[Row]:
    """Yield the forecasts of every repeat, way and figure."""
    whole = pictures.curve(seed=0, repeats=_REPEATS_OF_ALL)
    wanted = np.append(whole.sizes[-1], whole.sizes[-1].sum())
    truths = measured(whole, -1)
    names = (*pictures.classes, "mean over classes")
    for seed in track(range(repeats), "foretelling"):
        for way in WAYS:
            curve = pictures.take(half(pictures, way, seed=seed)).curve(seed=seed)
            found = zip(names, measured(curve, -1), forecast(curve, wanted), truths, strict=True)
            for name, now, then, truth in found:
                yield Row(way, name, now.value, then.value, then.low, then.high, truth.value)


def table(found: list[Row]) -> Table:
    """Return a line for each way and figure."""
    shown = Table(title="Forecast from half of the demo data, points", title_justify="left")
    for name in ("half", "figure", "with all", "held in", "width", "largest", "off by"):
        shown.add_column(name, justify="left" if name in {"half", "figure"} else "right")
    shown.add_column("off by if nothing changes", justify="right")
    for way, name in dict.fromkeys((one.way, one.name) for one in found):
        mine = [one for one in found if (one.way, one.name) == (way, name)]
        held = sum(one.low <= one.truth <= one.high for one in mine)
        widths = [100 * (one.high - one.low) for one in mine]
        shown.add_row(
            way,
            name,
            f"{100 * mine[0].truth:.1f}",
            f"{held} of {len(mine)}",
            f"{np.mean(widths):.1f}",
            f"{max(widths):.1f}",
            f"{_off([one.value - one.truth for one in mine]):.1f}",
            f"{_off([one.now - one.truth for one in mine]):.1f}",
        )
    return shown


def _off(errors: list[float]) -> float:
    return float(100 * np.sqrt(np.mean(np.square(errors))))


def embedded(settings: TrainingRun, work: Path) -> Pictures:
    """Compute the embeddings of the demo's pictures by the pretrained network, once."""
    ingest(out=work / "dataset", settings=settings.ingest)
    dataset = Dataset.read(work / "dataset")
    # All of it is one split; the two others must not be empty.
    first = dataset.manifest.groupby("label").head(1).index
    manifest = dataset.manifest.assign(split="train")
    manifest.loc[first, "split"] = "validation"
    Dataset(work / "dataset", dataset.info, manifest).write()
    plain = dataclasses.replace(settings.augment, policy="none", views=1)
    augment(work / "dataset", out=work / "shards", settings=plain)
    shards = Shards.read(work / "shards")
    split = data.read(shards, soft_labels=False).train
    built = network.build(
        settings.train, image_size_px=shards.info.image_size_px, classes=len(shards.info.classes)
    )
    cache = ActivationCache.below(work / "cache", settings.train)
    (features,) = cache.get(built, Want(split, (EMBEDDING,)))
    return Pictures(
        np.asarray(features, np.float32),
        split.labels,
        split.groups.astype(np.str_),
        np.array(split.domains, dtype=np.str_),
        shards.info.classes,
    )


def kept(settings: TrainingRun, file: Path | None) -> Pictures:
    """Return the embeddings from a file; computed, and written to it, unless it is there."""
    if file is not None and file.exists():
        with np.load(file) as archive:
            found: dict[str, Any] = dict(archive)
        return Pictures(**found | {"classes": tuple(found["classes"].tolist())})
    with tempfile.TemporaryDirectory(prefix="graft-bench-") as name:
        pictures = embedded(settings, Path(name))
    if file is not None:
        np.savez(file, **vars(pictures))
    return pictures


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--size-px", type=int, default=160, help="what the network sees")
    parser.add_argument("--features", type=Path, help="keep the embeddings in this .npz")
    asked = parser.parse_args()
    settings = resolve(override(read_preset("solar"), [f"augment.image_size_px={asked.size_px}"]))
    console = Console()
    with bars(console):
        found = list(rows(kept(settings, asked.features), repeats=asked.repeats))
    console.print(table(found))


if __name__ == "__main__":
    main()
