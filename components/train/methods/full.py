"""Full fine-tuning: after the probe every layer is trained (Kornblith, Shlens and Le 2019,
arXiv:1805.08974).

With many pictures, or pictures unlike those of the pretraining. Nothing stays frozen but BatchNorm,
so nothing is cached and an epoch costs the whole network.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.networks.config import INPUT
from components.train.options import PixelOptions, TransferOptions

if TYPE_CHECKING:
    from components.networks.data import TrainingData
    from components.networks.network import Network
    from components.train.session import Fitted, Session


@dataclass(frozen=True, kw_only=True)
class Options(TransferOptions, PixelOptions):
    """Settings of full fine-tuning: those of `TransferOptions` and `PixelOptions`."""


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Solve the head, then train everything."""
    from components.train.transfer import transfer

    return transfer(data, network, options, session, cut=INPUT)
