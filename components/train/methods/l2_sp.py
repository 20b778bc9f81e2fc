"""L2-SP: stay near the pretrained weights (Li, Grandvalet and Davoine 2018, arXiv:1802.01483).

The penalty is alpha / 2 ||w - w0||^2 + beta / 2 ||w_head||^2, w0 the weights
before tuning. Its gradient joins the loss's before Adam; the losses of the curves are without it.
It helps most with the fewest pictures, and hurts where they are unlike those of the pretraining
(Li et al. 2020, arXiv:2002.11770).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from components.networks.config import INPUT, LOGITS
from components.train.options import TransferOptions

if TYPE_CHECKING:
    from components.networks.data import TrainingData
    from components.networks.network import Network
    from components.train.loop.optimizer import Treatment
    from components.train.session import Fitted, Session


@dataclass(frozen=True, kw_only=True)
class Options(TransferOptions):
    """Settings of L2-SP, besides those of `TransferOptions`; `weight_decay` is not used.

    cut: the last frozen layer; "pixels" freezes none, "" leaves it to the backbone.
    alpha: pull of the pretrained layers to where they started.
    beta: pull of the head to zero.
    """

    cut: str = INPUT
    alpha: Annotated[float, Field(ge=0)] = 0.1
    beta: Annotated[float, Field(ge=0)] = 0.01


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Solve the head, then train everything after the cut under the penalty."""
    from components.train.loop.optimizer import Treatment
    from components.train.transfer import chosen_cut, transfer

    def treat(layer: str) -> "Treatment":
        if layer == LOGITS:
            return Treatment(penalty=options.beta)
        return Treatment(penalty=options.alpha, anchored=True)

    cut = chosen_cut(network, options.cut)
    return transfer(data, network, options, session, cut=cut, treat=treat)
