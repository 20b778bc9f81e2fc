"""Pictures of every kind, from the folder to the candidate."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from components.augment import step as augment
from components.augment.config import AugmentConfig
from components.common.artifacts.candidate import Candidate
from components.common.run_context import RunContext
from components.ingest import step as ingest
from components.ingest.config import IngestConfig
from components.train.config import TrainConfig
from components.train.fit import train
from components.validate import step as validate
from components.validate.config import ValidateConfig

ALONE = RunContext(run_id="alone")
SAVING_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(SAVING_NOISE),
    # Great Expectations' own dependencies, as in the tests of validate.
    pytest.mark.filterwarnings("ignore:module .sre_\\w+. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Please install grpcio-status:ImportWarning"),
]


def write_pictures(root: Path) -> None:
    """Dark and bright noise, in turn with an alpha channel, 16 bits deep, grey, and in colour."""
    rng = np.random.default_rng(0)
    for label, level in (("dark", 70), ("bright", 180)):
        (root / label).mkdir(parents=True)
        for number in range(16):
            grey = (level + rng.normal(0, 25, (40, 40))).clip(0, 255).astype(np.uint8)
            colour = np.stack([grey] * 3, axis=-1)
            alpha = np.full((40, 40, 1), 255, np.uint8)
            picture = (
                Image.fromarray(np.concatenate([colour, alpha], axis=-1)),
                Image.fromarray(grey.astype(np.uint16) * 257),
                Image.fromarray(grey),
                Image.fromarray(colour),
            )[number % 4]
            picture.save(root / label / f"{number}.png")


def test_four_channels_and_sixteen_bits_are_learned_like_any_picture(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pictures")
    (tmp_path / "report").mkdir()
    ingest.run(
        IngestConfig(path=str(tmp_path / "pictures")),
        ingest.IngestInputs(),
        ingest.IngestOutputs(dataset=tmp_path / "dataset"),
        ALONE,
    )
    validate.run(
        ValidateConfig(evidence="holdout"),
        validate.ValidateInputs(dataset=tmp_path / "dataset"),
        validate.ValidateOutputs(validated=tmp_path / "validated", report=tmp_path / "report"),
        ALONE,
    )
    augment.run(
        AugmentConfig(image_size_px=32, views=1),
        augment.AugmentInputs(dataset=tmp_path / "validated"),
        augment.AugmentOutputs(shards=tmp_path / "shards"),
        ALONE,
    )
    # VGG16 has no BatchNorm, so that brightness survives random weights and can be learned.
    recipe = TrainConfig(backbone="vgg16", weights="none", method="linear_probe", flips=1)
    train(tmp_path / "shards", out=tmp_path / "candidate", settings=recipe, cache_dir="")
    candidate = Candidate.read(tmp_path / "candidate")
    said = [candidate.info.classes[i] for i in candidate.parity_probabilities().argmax(axis=1)]
    truth = [path.split("/")[1] for path in candidate.parity_paths()]
    assert said == truth
