"""Embeddings come through the cache that training asks, so that nothing is computed twice."""

import logging
from pathlib import Path

import numpy as np
import pytest
from tiny_shards import write_tiny_shards

from components.common.artifacts.dataset import Dataset, DatasetInfo
from components.common.artifacts.inspection import Inspection
from components.common.artifacts.shards import Shards
from components.common.run_context import RunContext
from components.inspect.config import InspectConfig
from components.inspect.embeddings import embed
from components.inspect.step import InspectInputs, InspectOutputs, run
from components.networks.config import PlannedTraining
from components.train.config import TrainConfig
from components.train.fit import train

SAVING_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(SAVING_NOISE)]
NETWORK = {"backbone": "mobilenet_v2/0.35", "weights": "none"}


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    return write_tiny_shards(tmp_path / "shards")


def dataset(shards: Path) -> Dataset:
    """The Dataset behind the shards, its rows in another order."""
    index = Shards.read(shards).index
    rows = index[index["view"] == 0].drop_duplicates("path").iloc[::-1].reset_index(drop=True)
    info = DatasetInfo(name="tiny", classes=("functional", "defective"))
    labels = rows["target"].map(dict(enumerate(info.classes)))
    return Dataset(shards.parent, info, rows.assign(label=labels, pixels=rows["sha256"]))


@pytest.mark.parametrize("method", ["linear_probe", "linear_probe_finetune"])
def test_training_computes_nothing_that_inspect_has_computed(
    shards: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    cache = str(tmp_path / "cache")
    embed(dataset(shards), shards, train=PlannedTraining(method=method, **NETWORK), cache_dir=cache)
    options = {"epochs": 1} if method == "linear_probe_finetune" else {}
    settings = TrainConfig(method=method, options=options, **NETWORK)
    caplog.set_level(logging.INFO, logger="components.networks.features.cache")
    caplog.clear()
    train(shards, out=tmp_path / "candidate", settings=settings, cache_dir=cache)
    said = [record.getMessage() for record in caplog.records]
    assert any("embedding: taken from the cache" in one for one in said)
    # 24 training pictures in two views; the held-out ones are flipped as well.
    assert not [one for one in said if "of 48 rows" in one]


def test_rows_are_in_the_manifests_order_with_and_without_a_cache(
    shards: Path, tmp_path: Path
) -> None:
    asked = PlannedTraining(**NETWORK)
    mine = dataset(shards)
    kept = embed(mine, shards, train=asked, cache_dir=str(tmp_path / "cache"))
    alone = embed(mine, shards, train=asked, cache_dir="")
    assert len(kept) == 24 + 12 + 4
    np.testing.assert_allclose(kept, alone, rtol=0.02, atol=1e-3)
    reverse = Dataset(mine.root, mine.info, mine.manifest.iloc[::-1].reset_index(drop=True))
    again = embed(reverse, shards, train=asked, cache_dir=str(tmp_path / "cache"))
    np.testing.assert_array_equal(again[::-1], kept)


def test_switched_off_it_looks_at_nothing(tmp_path: Path) -> None:
    nowhere = InspectInputs(
        dataset=tmp_path / "none", shards=tmp_path / "none", train=PlannedTraining()
    )
    outputs = InspectOutputs(inspection=tmp_path / "out")
    run(InspectConfig(enabled=False), nowhere, outputs, RunContext(run_id="r"))
    assert Inspection.read(tmp_path / "out").info.pictures == 0
