"""Linear probe, then fine-tune: LP-FT (Kumar et al. 2022, arXiv:2202.10054).

The head is solved on frozen features first, so that the gradients that then reach the pretrained
layers are small and do not distort them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.train.options import TransferOptions

if TYPE_CHECKING:
    from components.networks.data import TrainingData
    from components.networks.network import Network
    from components.train.session import Fitted, Session


@dataclass(frozen=True, kw_only=True)
class Options(TransferOptions):
    """Settings of LP-FT, besides those of `TransferOptions`.

    cut: the last frozen layer; "" leaves it to the backbone.
    """

    cut: str = ""


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Solve the head, then train everything after the cut at a small rate."""
    from components.train.transfer import transfer

    return transfer(data, network, options, session, cut=network.cut(options.cut))
