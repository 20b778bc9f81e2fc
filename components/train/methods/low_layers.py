"""Only the low layers are transferred: the head reads a middle layer, the rest is cut off.

For tasks to which the high layers are a stranger (Yosinski et al. 2014, arXiv:1411.1792: low
layers are general, high ones specific). What remains is fitted by LP-FT.
"""

import dataclasses
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.common.errors import ConfigError
from components.train.methods import linear_probe, linear_probe_finetune

if TYPE_CHECKING:
    from components.networks.data import TrainingData
    from components.networks.network import Network
    from components.train.session import Fitted, Session

LOG = logging.getLogger(__name__)

_PROFILE_PICTURES = 2000


@dataclass(frozen=True, kw_only=True)
class Options(linear_probe_finetune.Options):
    """Settings of LP-FT, and where the network ends.

    layer: the last layer that is kept, a cut point; "" takes the one below the top at which a
        linear probe is best.
    cut: as for LP-FT, before `layer`; "" takes the cut point before it.
    """

    layer: str = ""


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Cut the network off and fit what is left; `Fitted.network` is the shorter network.

    Raises:
        ConfigError: `layer` is no cut point.
    """
    layer = options.layer or _best(data, network, session)
    if layer not in network.cut_points:
        raise ConfigError(
            f"one of the cut points {', '.join(network.cut_points)}",
            received=f"'{layer}'",
            do="correct options.layer, or leave it out",
        )
    short = truncate(network, layer, classes=len(data.classes))
    LOG.info("the network ends at %s", layer)
    if short.cut_points:
        fitted = linear_probe_finetune.fit(data, short, options, session)
    else:
        probe = linear_probe.Options(strength=options.strength, distil=options.distil)
        fitted = linear_probe.fit(data, short, probe, session)
    notes = (f"the network was cut off after {layer}", *fitted.notes)
    return dataclasses.replace(fitted, network=short, notes=notes)


def truncate(network: "Network", layer: str, *, classes: int) -> "Network":
    """Return the network up to a cut point, with a head on the means of it and those before.

    Layers are shared with the network given; the head is new and starts at zero.
    """
    from components.networks.network import Backbone, assemble

    below = network.cut_points[: network.cut_points.index(layer)]
    backbone = Backbone(
        model=network.model,
        cut_points=below,
        default_cut=below[-1] if below else "",
        features=(*below, layer),
    )
    return assemble(backbone, classes=classes, pooling=network.pooling)


def _best(data: "TrainingData", network: "Network", session: "Session") -> str:
    from components.train import layer_profile

    profile = layer_profile.measure(data.train, network, session, limit=_PROFILE_PICTURES)
    if len(profile.depths) < 2:
        return network.cut_points[len(network.cut_points) // 2]
    return profile.best_below_top.layer
