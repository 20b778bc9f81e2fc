from pathlib import Path

import keras
import numpy as np
import pytest
from tiny_shards import write_tiny_shards

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.shards import Shards
from components.common.statistics.familiarity import distances, over_places
from components.networks.rows import FlippedPixels
from components.train import familiar as module
from components.train.config import TrainConfig
from components.train.fit import train
from components.train.session import predict

SAVING_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(SAVING_NOISE)]


@pytest.mark.parametrize("method", ["linear_probe", "full"])
def test_the_saved_network_finds_its_training_pictures_familiar(
    tmp_path: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_PICTURES", 20)
    shards = write_tiny_shards(tmp_path / "shards")
    options = {"epochs": 1, "batch": 8} if method == "full" else {}
    settings = TrainConfig(backbone="vgg16", weights="none", method=method, options=options)
    train(shards, out=tmp_path / "out", settings=settings, cache_dir="")
    candidate = Candidate.read(tmp_path / "out")
    known = candidate.familiar()
    assert known is not None
    assert known.directions.shape == (20, 512) and known.directions.dtype == np.float16

    whole = keras.models.load_model(candidate.model_path, compile=False)
    embed = keras.Model(whole.inputs, whole.get_layer("embedding").output)
    pixels = Shards.read(shards).pixels("train")
    seen = predict(embed, [FlippedPixels(pixels)], rows=24)
    apart = distances(seen, known.directions)
    # float16 rounds a cosine of 1; twenty of the twenty-four pictures are kept.
    assert (np.sort(apart)[:20] < 1e-3).all()
    assert known.far_from > np.median(apart)
    strange = np.zeros((1, 32, 32, 3), np.uint8)
    assert distances(predict(embed, [strange], rows=1), known.directions)[0] > apart.max()


def test_of_an_embedding_of_every_place_the_mean_is_kept(tmp_path: Path) -> None:
    shards = write_tiny_shards(tmp_path / "shards")
    settings = TrainConfig(
        backbone="vgg16",
        weights="none",
        method="linear_probe",
        features=("block4_pool",),
        pooling="flatten",
    )
    train(shards, out=tmp_path / "out", settings=settings, cache_dir="")
    candidate = Candidate.read(tmp_path / "out")
    known = candidate.familiar()
    assert known is not None
    assert known.directions.shape == (24, 512)
    whole = keras.models.load_model(candidate.model_path, compile=False)
    embed = keras.Model(whole.inputs, whole.get_layer("embedding").output)
    seen = predict(embed, [FlippedPixels(Shards.read(shards).pixels("train"))], rows=24)
    assert seen.shape == (24, 2 * 2 * 512)
    assert (distances(over_places(seen, width=512), known.directions) < 1e-3).all()
    # Places first, channels last: the mean of one channel over the four places.
    np.testing.assert_allclose(over_places(seen, width=512)[:, 3], seen[:, 3::512].mean(axis=1))
