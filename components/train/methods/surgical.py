"""Surgical fine-tuning: only the first blocks learn (Lee et al. 2023, arXiv:2210.11466).

For pictures that differ from the pretraining's in how they look (another camera, light, noise)
and not in what they show. The head is solved on the frozen features and then stays, so that the
first blocks learn to see what it expects.
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
    """Settings of surgical tuning, besides those of `TransferOptions`.

    blocks: how many blocks are trained; a block ends at a cut point.
    """

    blocks: Annotated[int, Field(ge=1)] = 1


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Solve the head, then train the first blocks.

    Raises:
        ConfigError: the backbone has fewer blocks.
    """
    from components.train.transfer import transfer

    if options.blocks > len(network.cut_points):
        raise ConfigError(
            f"at most {len(network.cut_points)} blocks, which is what the backbone has",
            received=f"{options.blocks}",
            do="lower train.options.blocks, or choose the method 'full'",
        )
    order = [layer.name for layer in network.model.layers]
    last = order.index(network.cut_points[options.blocks - 1])
    opened = frozenset(order[: last + 1])
    return transfer(data, network, options, session, cut=INPUT, opens=opened.__contains__)
