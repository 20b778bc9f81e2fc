"""Linear probe: the whole backbone stays as it is, only the head is fitted."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from components.common.config import Section
from components.common.seeding import derive
from components.networks.config import EMBEDDING
from components.train.options import ClassWeight

if TYPE_CHECKING:
    from components.networks.data import TrainingData
    from components.networks.network import Network
    from components.train.session import Fitted, Session


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """Settings of the probe.

    strength: inverse L2 penalty C on standardised features; 0 chooses it by cross-validation.
    class_weight: "balanced" lets every class count the same.
    """

    strength: Annotated[float, Field(ge=0)] = 0.0
    class_weight: ClassWeight = "none"


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Fit the head by logistic regression on the cached embeddings of all views."""
    from components.networks.features.cache import Want
    from components.networks.probe.probe import fit_probe
    from components.train.session import EpochScore, Fitted, score

    data = data.weighted(options.class_weight)
    train, validation = data.train, data.validation
    (features,) = session.cache.get(network, Want(train, (EMBEDDING,)))
    (held_out,) = session.cache.get(
        network, Want(validation, (EMBEDDING,), activity="computing validation features")
    )
    seed = derive(session.seed, "probe")
    probe = fit_probe(features, train, strength=options.strength, seed=seed)
    network.set_head(probe.kernel, probe.bias)
    fitted_on = score(probe.logits(features[: train.pictures]), train)
    judged_on = score(probe.logits(held_out), validation)
    row = EpochScore(
        "probe", 1, fitted_on.loss, judged_on.loss, fitted_on.accuracy, judged_on.accuracy
    )
    return Fitted(
        curves=(row,),
        cut=EMBEDDING,
        trainable_parameters=probe.kernel.size + probe.bias.size,
        notes=(f"probe penalty C = {probe.strength:g}",),
    )
