"""Embeddings of pictures in memory, by a network as it is."""

from collections.abc import Sequence

import keras
import numpy as np

from components.common.pictures.decode import Pixels
from components.common.progress import track
from components.networks.config import EMBEDDING, INPUT, Precision
from components.networks.fast.folding import fold_batch_norm
from components.networks.features.answers import answers
from components.networks.network import Network
from components.networks.rows import Floats, network_pixels

_BATCH = 16


def embedder(built: Network, *, precision: Precision = "float32") -> keras.Model:
    """Return a copy of a network's part from pixels to its embedding, for `embed_pictures`."""
    return fold_batch_norm(built.between((INPUT,), (EMBEDDING,)), precision=precision)


def embed_pictures(whole: keras.Model, pictures: Sequence[Pixels], *, activity: str) -> Floats:
    """Return embeddings, float32 [N, D], of uint8 pictures [S, S, C] of the network's size."""
    parts = []
    for start in track(range(0, len(pictures), _BATCH), activity):
        some = [network_pixels(one[None], (False, False)) for one in pictures[start:][:_BATCH]]
        parts.append(answers(whole, [np.concatenate(some).astype(np.float32)])[0])
    return np.concatenate(parts)
