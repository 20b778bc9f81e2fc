"""An update on a new domain keeps what the old one taught: the data set is read as a whole."""

import dataclasses
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from benchmarks import first_steps
from components.augment.config import AugmentConfig
from components.common.artifacts.candidate import Candidate
from components.common.artifacts.labelled_picture import LabelledPicture
from components.ingest.commands import add_pictures
from components.ingest.config import IngestConfig
from components.train.config import TrainConfig
from components.train.fit import train
from components.train.session import predict
from components.validate.config import ValidateConfig

pytestmark = [
    pytest.mark.slow,
    # Keras' saving and NumPy 2 disagree about a keyword; nothing of ours is concerned.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    # Great Expectations, not ours.
    pytest.mark.filterwarnings("ignore:module .sre_\\w+. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Please install grpcio-status:ImportWarning"),
]

CLASSES = ("good", "worn")
COUNT = 48
# VGG16 has no BatchNorm, so that brightness survives random weights and can be learned.
SETTINGS = TrainConfig(backbone="vgg16", weights="none", method="linear_probe")


def parts(domain: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 [COUNT, 32, 32] and labels: worn parts are brighter.

    The old line is darker than middle grey, so its worn parts are nearer to it, and those of the
    new line farther from it: what random convolutions without a bias see.
    """
    rng = np.random.default_rng(seed)
    labels = np.arange(COUNT) % 2
    level = {"old": 70, "new": 180}[domain] + 25 * labels[:, None, None]
    noise = rng.normal(0, 25, (COUNT, 32, 32)) + rng.normal(0, 6, (COUNT, 1, 1))
    return (level + noise).clip(0, 255).astype(np.uint8), labels


def write(root: Path, domain: str, seed: int) -> list[LabelledPicture]:
    """Write them below a folder a class."""
    written = []
    for number, (picture, label) in enumerate(zip(*parts(domain, seed), strict=True)):
        file = root / CLASSES[label] / f"{domain}{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(file)
        written.append(LabelledPicture(file=file, label=CLASSES[label], domain=domain))
    return written


def trained(photos: Path, root: Path, *, served: Path | None) -> Path:
    """Return the Candidate of a run on the folder; `served` is the one that answers until then."""
    first_steps.ingest(out=root / "dataset", settings=IngestConfig(path=str(photos)))
    first_steps.validate(
        root / "dataset",
        out=root / "validated",
        report=root / "report",
        settings=ValidateConfig(min_size_px=16, evidence="holdout"),
    )
    augmented = AugmentConfig(image_size_px=32, views=1)
    first_steps.augment(root / "validated", out=root / "shards", settings=augmented)
    settings = dataclasses.replace(SETTINGS, warm_start=str(served) if served else "")
    train(root / "shards", out=root / "candidate", settings=settings, cache_dir="")
    return root / "candidate"


def of_the_old_line(candidate: Path) -> float:
    """Return the ROC-AUC on pictures of the old domain that no run has seen."""
    pixels, labels = parts("old", seed=99)
    model = keras.models.load_model(Candidate.read(candidate).model_path, compile=False)
    colour = np.repeat(pixels[..., None], 3, axis=3)
    answered = predict(model, [colour], rows=COUNT)
    return float(roc_auc_score(labels, answered[:, 1] - answered[:, 0]))


def test_old_pictures_guard_against_forgetting(tmp_path: Path) -> None:
    photos, alone = tmp_path / "photos", tmp_path / "alone"
    write(photos, "old", seed=1)
    before = trained(photos, tmp_path / "before", served=None)
    added = add_pictures(
        write(tmp_path / "labelled", "new", seed=2),
        settings=IngestConfig(path=str(photos)),
        min_size_px=16,
        now_unix_s=time.time(),
    )
    assert len(added.added) == COUNT
    after = trained(photos, tmp_path / "after", served=before)
    write(alone, "new", seed=2)
    without = trained(alone, tmp_path / "without", served=before)
    figure = of_the_old_line(before)
    assert figure > 0.95
    assert of_the_old_line(after) >= figure - 0.005
    # Without the old pictures there is much to forget, or this would guard against nothing.
    assert of_the_old_line(without) < figure - 0.1
