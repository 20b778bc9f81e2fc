"""Embeddings of whole data sets from the presets' backbone, kept so that they are computed once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.first_steps import ingest
from components.common.artifacts.dataset import Dataset
from components.common.files import new_folder
from components.common.pictures.decode import Pixels, decode, resize
from components.common.statistics.weighted import Floats
from components.networks import network
from components.networks.config import Pooling
from components.networks.features import embedding as features
from pipelines.config import TrainingRun, override, read_preset, resolve

WORK = Path(".graft") / "embedded"
SIZE_PX = 160


@dataclass(frozen=True)
class EmbeddedSet:
    """`embeddings` float32 [N, D] of the pictures as they are; `labels` and `groups` are text."""

    embeddings: npt.NDArray[np.float32]
    labels: npt.NDArray[np.str_]
    groups: npt.NDArray[np.str_]


def settings_of(path: Path, *, pooling: Pooling) -> TrainingRun:
    """Return a run on a folder by class, a manifest, or the demo's folder."""
    preset = "solar" if path.name == "elpv" else "pictures"
    source = [f"ingest.path={path}", f"train.pooling={pooling}"]
    if path.suffix == ".csv":
        source.append("ingest.source=manifest")
    return resolve(override(read_preset(preset), source))


def embedded_folder(path: Path, *, pooling: Pooling, work: Path = WORK) -> EmbeddedSet:
    """Return the embeddings of a data set; taken from `work` where they are there."""
    name = path.parent.name if path.suffix else path.name
    kept = work / f"{name}-{pooling}"
    if not kept.exists():
        run = settings_of(path, pooling=pooling)
        with new_folder(kept) as partial:
            ingest(out=partial / "dataset", settings=run.ingest)
            dataset = Dataset.read(partial / "dataset")
            rows = dataset.manifest
            pictures = [decode(dataset.picture(one), name=one) for one in rows["path"]]
            np.savez(
                partial / "embedded.npz",
                embeddings=embed_pictures(pictures, run=run, activity=f"embedding {name}"),
                labels=rows["label"].to_numpy(dtype=np.str_),
                groups=rows["group"].to_numpy(dtype=np.str_),
            )
    with np.load(kept / "embedded.npz") as archive:
        return EmbeddedSet(archive["embeddings"], archive["labels"], archive["groups"])


def embed_pictures(
    pictures: Sequence[Pixels], *, run: TrainingRun, activity: str, size_px: int = SIZE_PX
) -> npt.NDArray[np.float32]:
    """Return the embeddings of decoded pictures, float32 [N, D]."""
    built = network.build(run.train, image_size_px=size_px, classes=2)
    small = [resize(one, size_px) for one in pictures]
    return features.embed_pictures(features.embedder(built), small, activity=activity)


def out_of_fold(embeddings: npt.NDArray[np.float32], targets: npt.NDArray[np.int64]) -> Floats:
    """Return log odds of class 1 by a logistic regression that had not seen the picture."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=1000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    found = cross_val_predict(model, embeddings, targets, cv=folds, method="decision_function")
    return np.asarray(found, dtype=np.float64)
