"""What the drift benchmark resamples: each picture under each fault, measured once and kept.

The demo data as Observations: picture statistics of all of them; embeddings of the preset's
backbone with its pretrained weights at 160 px; scores of a logistic head that never saw the
picture's module (four grouped folds). Severe faults (3), which windows of whole modules are asked
about, are measured in every second module, their embeddings in every fourth; mild ones, which
windows of independent pictures are asked about, on all pictures, their embeddings on every fourth,
so that both come from all modules alike.
"""

import functools
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.embedded import WORK, embedded_folder
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.monitoring.observations import Observations
from components.common.pictures.corruptions import corrupt
from components.common.pictures.decode import Pixels, decode, resize
from components.common.pictures.statistics import STATISTICS, measure
from components.common.progress import track
from components.ingest.sources import elpv
from pipelines.config import read_preset, resolve

DEMO = Path("data/elpv")
SIZE_PX = 160
FOLDS = 4
CLEAN = "clean"
# One camera has one fault: these stay where they are from picture to picture.
_FIXED = frozenset({"dirt", "shift", "rotation", "colour"})

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Condition:
    """A name and what it does to a picture; the generator is the picture's own, or the fault's."""

    name: str
    apply: Callable[[Pixels, int], Pixels]


def conditions() -> dict[str, Condition]:
    """Return the conditions by name, the untouched pictures first."""
    listed = [Condition(CLEAN, lambda picture, _: picture)]
    listed += [_fault(kind, 1) for kind in ("noise", "blur", "brightness", "contrast")]
    listed.append(Condition("exposure x 0.9", _fault("exposure", 1).apply))
    listed.append(Condition("contrast x 0.8", lambda picture, _: _flattened(picture, 0.8)))
    listed += [
        _fault(kind, 3)
        for kind in (
            *("noise", "blur", "brightness", "contrast"),
            *("exposure", "defocus", "dirt", "shift", "rotation"),
        )
    ]
    return {condition.name: condition for condition in listed}


def _fault(kind: str, severity: int) -> Condition:
    def apply(picture: Pixels, number: int) -> Pixels:
        seed = 7 if kind in _FIXED else number
        rng = np.random.default_rng([severity, seed])
        return corrupt(picture, kind=kind, severity=severity, rng=rng)

    return Condition(f"{kind} {severity}", apply)


def _flattened(picture: Pixels, factor: float) -> Pixels:
    mean = picture.mean(axis=(0, 1))
    return np.asarray(np.clip(np.rint((picture - mean) * factor + mean), 0, 255), dtype=np.uint8)


@dataclass(frozen=True)
class Tables:
    """The demo data, picture by picture and condition by condition.

    statistics: by condition, float32 [N, len(STATISTICS)], NaN rows where it was not measured;
        features the same, [N, D].
    """

    paths: tuple[Path, ...]
    labels: npt.NDArray[np.object_]
    groups: npt.NDArray[np.object_]
    classes: tuple[str, ...]
    statistics: dict[str, Floats]
    features: dict[str, Floats]
    scores: dict[str, Floats]

    def observations(self, condition: str, rows: Any) -> Observations:
        """Return some pictures as a camera with that fault would have given them."""
        scores = self.scores[condition][rows]
        count = len(scores)
        blank = np.full(count, "", dtype=object)
        names = np.array(self.classes, dtype=object)
        known = np.isfinite(scores).all(axis=1)
        best = np.where(known, np.nan_to_num(scores).argmax(axis=1), 0)
        return Observations(
            features=self.features[condition][rows],
            statistics=self.statistics[condition][rows],
            scores=scores,
            decisions=np.where(known, names[best], ""),
            labels=self.labels[rows],
            groups=self.groups[rows],
            lines=blank,
            cameras=blank,
            times_unix_s=np.arange(count, dtype=np.float64),
            sha256=np.array([str(path) for path in np.array(self.paths, object)[rows]], object),
            classes=self.classes,
        )


def clean_observations() -> Observations:
    """Return the demo's untouched cells; embeddings as `benchmarks.embedded` keeps them."""
    embedded = embedded_folder(DEMO, pooling="mean")
    dataset = Dataset.read(WORK / f"{DEMO.name}-mean" / "dataset")
    paths = tuple(dataset.root / name for name in dataset.manifest["path"])
    labels, groups = (values.astype(object) for values in (embedded.labels, embedded.groups))
    features = {CLEAN: embedded.embeddings}
    everything = np.arange(len(paths))
    return Tables(
        paths=paths,
        labels=labels,
        groups=groups,
        classes=dataset.info.classes,
        statistics={CLEAN: _statistics(paths, everything, conditions()[CLEAN])},
        features=features,
        scores=_scores(features, labels == dataset.info.positive, groups),
    ).observations(CLEAN, everything)


def build(work: Path) -> Tables:
    """Measure what is not in `work` yet, and return everything."""
    work.mkdir(parents=True, exist_ok=True)
    source = elpv.read(resolve(read_preset("solar")).ingest)
    groups = np.array([picture.group for picture in source.pictures], dtype=object)
    paths = tuple(picture.file for picture in source.pictures)
    number = pd.factorize(groups)[0]
    measured = {name: _measured(name, number) for name in conditions()}
    embedded = {name: _embedded(name, number) for name in conditions()}
    statistics = {
        name: _kept(
            work / f"statistics {name}.npy",
            len(paths),
            rows,
            functools.partial(_statistics, paths, condition=conditions()[name]),
        )
        for name, rows in measured.items()
    }
    features = {
        name: _kept(
            work / f"features {name}.npy",
            len(paths),
            rows,
            functools.partial(_features, paths, condition=conditions()[name]),
        )
        for name, rows in embedded.items()
    }
    labels = np.array([picture.label for picture in source.pictures], dtype=object)
    scores = _scores(features, labels == source.positive, groups)
    return Tables(paths, labels, groups, source.classes, statistics, features, scores)


def _measured(name: str, module: Any) -> npt.NDArray[np.int64]:
    return np.flatnonzero(module % (2 if is_severe(name) else 1) == 0)


def _embedded(name: str, module: Any) -> npt.NDArray[np.int64]:
    if name == CLEAN:
        return np.arange(len(module))
    dealt = module if is_severe(name) else np.random.default_rng(0).permutation(len(module))
    return np.flatnonzero(dealt % 4 == 0)


def is_severe(name: str) -> bool:
    """Tell whether a condition is a fault of severity 3."""
    return name.endswith(" 3")


def _kept(path: Path, count: int, rows: Any, compute: Callable[[Any], Floats]) -> Floats:
    if path.exists():
        return np.asarray(np.load(path), dtype=np.float32)
    values = compute(rows)
    table = np.full((count, values.shape[1]), np.nan, dtype=np.float32)
    table[rows] = values
    partial = path.with_suffix(".partial.npy")
    np.save(partial, table)
    partial.replace(path)
    return table


def _pictures(paths: tuple[Path, ...], rows: Any, condition: Condition) -> Iterable[Pixels]:
    for row in track(rows, condition.name):
        picture = decode(paths[row].read_bytes())
        yield condition.apply(
            picture, int(hashlib.sha256(paths[row].name.encode()).hexdigest()[:8], 16)
        )


def _statistics(paths: tuple[Path, ...], rows: Any, condition: Condition) -> Floats:
    found = [measure(picture) for picture in _pictures(paths, rows, condition)]
    return np.stack(found).reshape(-1, len(STATISTICS))


@functools.cache
def _embedder() -> Any:
    """Return the demo's network up to its embedding, built where something is not kept yet."""
    from components.networks import config, network

    settings = resolve(read_preset("solar")).train
    built = network.build(settings, image_size_px=SIZE_PX, classes=2)
    return built.between((config.INPUT,), (config.EMBEDDING,))


def _features(paths: tuple[Path, ...], rows: Any, condition: Condition) -> Floats:
    small = [
        np.broadcast_to(resize(picture, SIZE_PX), (SIZE_PX, SIZE_PX, 3))
        for picture in _pictures(paths, rows, condition)
    ]
    pixels = np.stack(small).astype(np.float32)
    return np.asarray(_embedder().predict(pixels, batch_size=32, verbose=0))


def _scores(features: dict[str, Floats], defective: Any, groups: Any) -> dict[str, Floats]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    clean = features[CLEAN]
    scores = {
        name: np.full((len(values), 2), np.nan, np.float32) for name, values in features.items()
    }
    for fit, held in GroupKFold(FOLDS).split(clean, defective, groups):
        head = make_pipeline(StandardScaler(), LogisticRegression(C=0.003, max_iter=2000))
        head.fit(clean[fit], defective[fit])
        for name, values in features.items():
            rows = held[np.isfinite(values[held]).all(axis=1)]
            if rows.size:
                scores[name][rows] = head.predict_proba(values[rows])
    return scores
