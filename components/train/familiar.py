"""What the network was fitted on, as it sees it: how the exported model tells strange pictures."""

import numpy as np

from components.common.artifacts.candidate import Familiar
from components.common.statistics.familiarity import farthest_familiar, over_places, unit
from components.networks.config import EMBEDDING
from components.networks.data import Split
from components.networks.features.cache import Want
from components.networks.network import Network
from components.train.session import Session, predict

# More tell no better (`python -m benchmarks.familiarity`) and make the served model larger.
MOST_PICTURES = 1000


def familiar(network: Network, split: Split, *, cut: str, session: Session) -> Familiar:
    """Return the embeddings of pictures that the network was fitted on, and how far is far.

    Args:
        network: the fitted network.
        split: what it was fitted on; its view 0 is used, of pictures spread evenly over it.
        cut: the layer up to which cached activations may be used, "pixels" for none.
        session: the cache.
    """
    some = split.head(MOST_PICTURES) if split.pictures > MOST_PICTURES else split
    starts = network.boundary(cut)
    want = Want(some, starts, (False, False), activity="computing what is familiar")
    fed = session.cache.inputs(network, want)
    if starts == (EMBEDDING,):  # cached as they are: no part of the network is left to ask
        found = np.asarray(fed[0][: some.pictures], dtype=np.float32)
    else:
        found = predict(network.between(starts, (EMBEDDING,)), fed, rows=some.pictures)
    known = unit(over_places(found, width=_channels(network))).astype(np.float16)
    groups = [str(group) for group in some.groups]
    return Familiar(known, farthest_familiar(known, groups))


def _channels(network: Network) -> int:
    """Return the channels of a map of which the embedding keeps every place; else its width.

    A thousand such embeddings would make the served model larger than its network.
    """
    if network.pooling == "flatten" and len(network.pools) == 1:
        return int(network.model.get_layer(network.pools[0]).input.shape[-1])
    return int(network.model.get_layer(EMBEDDING).output.shape[-1])
