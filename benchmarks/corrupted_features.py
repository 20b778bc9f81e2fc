"""The demo's pictures, corrupted, as the monitor sees them: embeddings and picture statistics.

Computed once for each kind and severity and kept in a work folder, so that the benchmarks of causes
and of harm take seconds. Pictures are 160 px; the embedding is EfficientNet-Lite0's, frozen, at
128 px. Noise is drawn for each picture; dirt, shift and rotation stay with the camera.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.camera_faults import CAMERA_FAULTS
from benchmarks.stand_ins import STAND_INS
from benchmarks.unseen_faults import UNSEEN
from components.common.artifacts.monitoring.observations import Observations
from components.common.pictures import decode as pictures
from components.common.pictures.statistics import measure
from components.common.progress import track
from components.ingest.config import IngestConfig
from components.ingest.sources import elpv

WORK = Path(".graft/corrupted")
CLEAN = "clean"
SEVERITIES = (3, 5, 1)
FAULTS = {**CAMERA_FAULTS, **UNSEEN}
KINDS = tuple(kind for kind in FAULTS if kind != "colour")  # the demo is grey
PICTURE_PX, NETWORK_PX = 160, 128
WEIGHTS = Path("data/weights/efficientnet_lite0.h5")
_BATCH = 128
_STEP = 3  # faults are put on every third picture
CLASSES = ("functional", "defective")


@dataclass(frozen=True)
class Seen:
    """Some pictures under one corruption.

    rows: positions in the demo's list; features float32 [N, D]; statistics float32 [N, 12].
    """

    rows: Any
    features: Any
    statistics: Any

    def of(self, wanted: Any) -> "Seen":
        """Return the pictures whose place in the demo's list is True in `wanted`."""
        kept = wanted[self.rows]
        return Seen(self.rows[kept], self.features[kept], self.statistics[kept])


@dataclass(frozen=True)
class Demo:
    """Labels, modules and types of all pictures, and what was seen, by (kind, severity)."""

    labels: Any
    groups: Any
    domains: Any
    seen: dict[tuple[str, int], Seen]

    def folds(self, count: int, *, seed: int) -> Any:
        """Return int [N]: a fold for each picture, modules whole, types dealt evenly."""
        rng = np.random.default_rng(seed)
        fold = np.zeros(len(self.labels), dtype=int)
        for domain in sorted(set(self.domains)):
            modules = sorted(set(self.groups[self.domains == domain]))
            for place, module in enumerate(rng.permutation(modules)):
                fold[self.groups == module] = place % count
        return fold


@dataclass(frozen=True)
class Probe:
    """The deployed model: a logistic head on the embedding, with a temperature.

    The log holds 64 principal components of the embedding: the monitor reduces it anyway, and the
    benchmark is over sooner.
    """

    centre: Any
    scale: float
    head: Any
    components: Any
    temperature: float = 1.0

    @classmethod
    def fit(cls, seen: Seen, labels: Any) -> "Probe":
        """Fit on clean training pictures."""
        from sklearn.decomposition import PCA
        from sklearn.linear_model import LogisticRegression

        centre, scale = seen.features.mean(axis=0), float(seen.features.std())
        head = LogisticRegression(C=1e-3, max_iter=300)
        scaled = (seen.features - centre) / scale
        head.fit(scaled, labels[seen.rows] == CLASSES[1])
        reduction = PCA(64, svd_solver="randomized", random_state=0).fit(scaled)
        return cls(centre, scale, head, reduction.components_.T)

    def calibrated(self, seen: Seen, labels: Any) -> "Probe":
        """Return it with the temperature that fits held-out pictures best."""
        from scipy.optimize import minimize_scalar

        logits, truth = self._logits(seen), labels[seen.rows] == CLASSES[1]

        def loss(log_temperature: float) -> float:
            signed = np.where(truth, logits, -logits) / np.exp(log_temperature)
            return float(np.logaddexp(0, -signed).mean())

        best = minimize_scalar(loss, bounds=(-3, 3), method="bounded").x
        return dataclasses.replace(self, temperature=float(np.exp(best)))

    def observe(self, seen: Seen, demo: Demo, *, labelled: bool = True) -> Observations:
        """Return what the prediction log would hold of these pictures."""
        positive = 1 / (1 + np.exp(-self._logits(seen) / self.temperature))
        count = len(seen.rows)
        blank = np.full(count, "", dtype=object)
        return Observations(
            features=((seen.features - self.centre) / self.scale) @ self.components,
            statistics=seen.statistics,
            scores=np.stack([1 - positive, positive], axis=1).astype(np.float32),
            decisions=np.where(positive > 0.5, CLASSES[1], CLASSES[0]).astype(object),
            labels=demo.labels[seen.rows].astype(object) if labelled else blank,
            groups=demo.groups[seen.rows].astype(object),
            lines=demo.domains[seen.rows].astype(object),
            cameras=blank,
            times_unix_s=np.arange(count, dtype=np.float64),
            sha256=np.array([f"{row:064d}" for row in seen.rows], dtype=object),
            classes=CLASSES,
        )

    def _logits(self, seen: Seen) -> Any:
        return self.head.decision_function((seen.features - self.centre) / self.scale)


def load(work: Path) -> Demo:
    """Return everything, computing what `work` does not hold yet (ten minutes of two cores)."""
    work.mkdir(parents=True, exist_ok=True)
    source = elpv.read(IngestConfig(source="elpv", path="data/elpv")).pictures
    lazily = _Extractor(source)
    seen = {}
    faults = [(kind, level) for level in SEVERITIES for kind in KINDS]
    jobs = [(CLEAN, 0), *((name, 0) for name in STAND_INS), *faults]
    for kind, level in track(jobs, "corrupting and embedding"):
        file = work / f"{kind}-{level}.npz"
        if not file.exists():
            step = 1 if kind == CLEAN else _STEP
            rows = np.arange(0, len(source), step)
            np.savez(file, **dataclasses.asdict(lazily.extract(kind, level, rows)))
        held = np.load(file)
        features = held["features"].astype(np.float32)
        seen[kind, level] = Seen(held["rows"], features, held["statistics"])
    return Demo(
        np.array([picture.label for picture in source]),
        np.array([picture.group for picture in source]),
        np.array([picture.domain for picture in source]),
        seen,
    )


class _Extractor:
    """Decodes the pictures and builds the network when the first figure is missing."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self._pixels: Any = None
        self._network: Any = None

    def extract(self, kind: str, severity: int, rows: Any) -> Seen:
        if self._pixels is None:
            decoded = (pictures.decode(one.file.read_bytes()) for one in self._source)
            self._pixels = [pictures.resize(pixels, PICTURE_PX) for pixels in decoded]
            self._network = _network()
        corrupted = [self._spoil(kind, severity, int(row)) for row in rows]
        statistics = np.stack([measure(picture) for picture in corrupted])
        batches = [
            self._embed(corrupted[start : start + _BATCH]) for start in range(0, len(rows), _BATCH)
        ]
        return Seen(rows, np.concatenate(batches).astype(np.float16), statistics)

    def _spoil(self, kind: str, severity: int, row: int) -> Any:
        if kind == CLEAN:
            return self._pixels[row]
        if kind in STAND_INS:
            return STAND_INS[kind](self._pixels[row], np.random.default_rng(0))
        fault, place = FAULTS[kind], list(FAULTS).index(kind)
        rng = np.random.default_rng([place, severity] if fault.fixed else [place, severity, row])
        return fault.on(self._pixels[row], severity=severity, rng=rng)

    def _embed(self, batch: Any) -> Any:
        small = np.stack([pictures.resize(picture, NETWORK_PX) for picture in batch])
        full = np.zeros((_BATCH, NETWORK_PX, NETWORK_PX, 3), dtype=np.float32)
        full[: len(batch)] = small
        return self._network(full)[: len(batch)]


def _network() -> Any:
    import keras
    import tensorflow as tf

    from components.networks.backbones import efficientnet_lite
    from components.networks.weights.load import load_file

    backbone = efficientnet_lite.build("0", image_size_px=NETWORK_PX, pretrained=False)
    load_file(backbone.model, str(WEIGHTS))
    pool = keras.layers.GlobalAveragePooling2D()
    pooled = [pool(backbone.model.get_layer(name).output) for name in backbone.features]
    model = keras.Model(backbone.model.input, keras.layers.Concatenate()(pooled))
    run = tf.function(lambda pixels: model(pixels, training=False))
    return lambda pixels: run(tf.constant(pixels)).numpy()
