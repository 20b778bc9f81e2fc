"""Linear probe: the whole backbone stays as it is, only the head is fitted."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from components.networks.config import EMBEDDING, LOGITS
from components.train.options import Imbalance, ProbeOptions

if TYPE_CHECKING:
    from components.networks.data import Split, TrainingData
    from components.networks.network import Network
    from components.networks.probe.probe import Probe
    from components.train.session import Fitted, Session


@dataclass(frozen=True, kw_only=True)
class Options(ProbeOptions):
    """Settings of the probe, besides those of `ProbeOptions`.

    imbalance: what is done where a class is rare, see docs/how-to/imbalance.md; "auto" takes what
        ranks pictures left out best. Probabilities stay those of the pictures' mix; with equal
        costs the exported model then decides as if all classes were as frequent. `strength` is of
        the ways that are logistic regressions.
    """

    imbalance: Imbalance = "none"


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Fit the head on the cached embeddings of all views."""
    from components.train.imbalance.head import treated
    from components.train.session import Fitted, class_shares
    from components.train.transfer import plain_probe, solve_head, tail_inputs, trainable_parameters

    def for_rare(
        features: Any, split: "Split", probe: ProbeOptions, seed: int
    ) -> "tuple[Probe, str]":
        return treated(features, split, options.imbalance, probe, seed=seed)

    plain = options.imbalance == "none"
    inputs = tail_inputs(data, network, session, cut=EMBEDDING)
    tail = network.between((EMBEDDING,), (LOGITS,))
    solve = plain_probe if plain else for_rare
    head = solve_head(network, tail, inputs, options, session, cut=EMBEDDING, solve=solve)
    return Fitted(
        curves=(head.row,),
        cut=EMBEDDING,
        trainable_parameters=trainable_parameters(tail),
        notes=(head.note,),
        embeddings=head.embeddings,
        class_shares=() if plain else class_shares(data.train),
    )
