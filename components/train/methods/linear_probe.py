"""Linear probe: the whole backbone stays as it is, only the head is fitted."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.networks.config import EMBEDDING, LOGITS
from components.train.options import ClassWeight, ProbeOptions

if TYPE_CHECKING:
    from components.networks.data import TrainingData
    from components.networks.network import Network
    from components.train.session import Fitted, Session


@dataclass(frozen=True, kw_only=True)
class Options(ProbeOptions):
    """Settings of the probe, besides those of `ProbeOptions`.

    class_weight: "balanced" lets every class count the same.
    """

    class_weight: ClassWeight = "none"


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Fit the head by logistic regression on the cached embeddings of all views."""
    from components.train.session import Fitted
    from components.train.transfer import solve_head, tail_inputs, trainable_parameters

    inputs = tail_inputs(data.weighted(options.class_weight), network, session, cut=EMBEDDING)
    tail = network.between((EMBEDDING,), (LOGITS,))
    head = solve_head(network, tail, inputs, options, session, cut=EMBEDDING)
    return Fitted(
        curves=(head.row,),
        cut=EMBEDDING,
        trainable_parameters=trainable_parameters(tail),
        notes=(head.note,),
        embeddings=head.embeddings,
    )
