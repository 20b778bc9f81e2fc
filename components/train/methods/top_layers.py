"""Top layers: freeze most of the network and retrain the last few (Yosinski et al. 2014,
arXiv:1411.1792, on which layers are general).

With its defaults and VGG16 it is the classic recipe: the last three layers, ten epochs.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from components.common.errors import ConfigError
from components.networks.config import INPUT
from components.train.options import TransferOptions

if TYPE_CHECKING:
    from components.networks.data import TrainingData
    from components.networks.network import Network
    from components.train.session import Fitted, Session


@dataclass(frozen=True, kw_only=True)
class Options(TransferOptions):
    """Settings of top-layer tuning, besides those of `TransferOptions`.

    layers: how many of the last layers with a kernel (convolutions, dense layers) are trained,
        the new head not counted; what lies between and after them is trained with them.
    """

    layers: Annotated[int, Field(ge=1)] = 3
    epochs: Annotated[int, Field(ge=1, le=1000)] = 10


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Solve the head, then train the last layers.

    Raises:
        ConfigError: the backbone has fewer layers with a kernel.
    """
    from components.train.transfer import transfer

    order = [layer.name for layer in network.model.layers]
    first = order.index(_first(network, options.layers))
    opened = frozenset(order[first:])
    below = [cut for cut in network.cut_points if order.index(cut) < first]
    cut = below[-1] if below else INPUT
    return transfer(data, network, options, session, cut=cut, opens=opened.__contains__)


def _first(network: "Network", count: int) -> str:
    """Return the name of the lowest of the last `count` layers with a kernel."""
    names = [
        str(layer.name)
        for layer in network.model.layers
        if layer is not network.head and any(len(weight.shape) > 1 for weight in layer.weights)
    ]
    if count > len(names):
        raise ConfigError(
            f"at most {len(names)} layers, which is what the backbone has",
            received=f"{count}",
            do="lower train.options.layers, or choose the method 'full'",
        )
    return names[-count]
