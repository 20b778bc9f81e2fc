"""The embeddings that training asks for as well, taken through the same cache."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt

from components.common import config, plugins
from components.common.artifacts.dataset import SPLITS, Dataset
from components.common.artifacts.shards import Shards
from components.common.seeding import derive
from components.networks import data, network
from components.networks.config import EMBEDDING, INPUT, PlannedTraining
from components.networks.features.cache import ActivationCache, Want
from components.networks.network import Network

_METHODS = "components.train.methods"


def embed(
    dataset: Dataset, shards_root: Path, *, train: PlannedTraining, cache_dir: str
) -> npt.NDArray[np.float32]:
    """Return the embedding of every labelled picture as it is, [N, D], in the manifest's order.

    Args:
        dataset: the validated Dataset.
        shards_root: Shards of the same pictures.
        train: what will be trained; the network has the weights that it starts from.
        cache_dir: where activations are kept between steps; "" keeps none.

    Raises:
        ConfigError, DataError, WeightsError: as `network.build`.
    """
    shards = Shards.read(shards_root)
    keras.utils.set_random_seed(derive(train.seed, "train"))
    built = network.build(
        train, image_size_px=shards.info.image_size_px, classes=len(shards.info.classes)
    )
    place = {path: row for row, path in enumerate(dataset.manifest["path"])}
    width = int(built.model.get_layer(EMBEDDING).output.shape[-1])
    embeddings = np.full((len(place), width), np.nan, np.float32)
    with ExitStack() as stack:
        root = Path(cache_dir or stack.enter_context(tempfile.TemporaryDirectory()))
        cache = ActivationCache.below(root, train)
        starts = _starts(train, built)
        for name in SPLITS:
            if not (shards.index["split"] == name).any():
                continue
            split = data.read_split(shards, name, soft_labels=False)
            if name == "test" or not cache_dir:
                split = split.take(np.arange(split.pictures))
            # In all views and by way of the cut, as training asks: nothing is computed twice.
            (found,) = cache.get(built, Want(split, (EMBEDDING,), starts=starts))
            embeddings[[place[path] for path in split.paths]] = found[: split.pictures]
    return embeddings


def _starts(train: PlannedTraining, built: Network) -> tuple[str, ...]:
    """Return the layers from whose activations training computes the embedding.

    A method that tunes behind a cut keeps those at the cut, so that the embedding follows from
    them; one that cuts nowhere keeps the embedding alone.
    """
    options = config.load(
        plugins.load(_METHODS, train.method).Options, dict(train.options), where="train.options"
    )
    cut = getattr(options, "cut", INPUT)
    return (INPUT,) if cut == INPUT else built.boundary(built.cut(cut))
