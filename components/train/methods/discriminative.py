"""Discriminative rates: the deeper a layer, the faster it learns (ULMFiT, Howard and Ruder 2018,
arXiv:1801.06146, section 3.2).

The rate of the layers below k cut points is learning_rate * decay^k: low layers hold what is
general in pictures and need the least change.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from components.networks.config import INPUT
from components.train.options import TransferOptions

if TYPE_CHECKING:
    from components.networks.data import TrainingData
    from components.networks.network import Network
    from components.train.loop.optimizer import Treatment
    from components.train.session import Fitted, Session


@dataclass(frozen=True, kw_only=True)
class Options(TransferOptions):
    """Settings of discriminative tuning, besides those of `TransferOptions`.

    cut: the last frozen layer; "pixels" freezes none, "" leaves it to the backbone.
    decay: factor on the rate from one cut point to the one below.
    """

    cut: str = INPUT
    decay: Annotated[float, Field(gt=0, le=1)] = 0.75


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Solve the head, then train everything after the cut, low layers slowly."""
    from components.train.loop.optimizer import Treatment
    from components.train.transfer import chosen_cut, transfer

    order = {layer.name: position for position, layer in enumerate(network.model.layers)}

    def treat(layer: str) -> "Treatment":
        above = sum(order[layer] <= order[cut] for cut in network.cut_points)
        return Treatment(rate=options.decay**above, decay=options.weight_decay)

    cut = chosen_cut(network, options.cut)
    return transfer(data, network, options, session, cut=cut, treat=treat)
