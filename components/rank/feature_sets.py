"""Which layers a ranking tries as features, and where fine-tuning may then cut."""

from dataclasses import dataclass

from components.networks.network import Network

# Of a backbone that reads its last layer only, this many earlier cut points are tried as well.
_EARLIER_CUTS = 2


@dataclass(frozen=True)
class FeatureSet:
    """One choice of feature layers.

    layers: from shallow to deep.
    named: as `train.features` says it; none for the backbone's own choice.
    cut: the cut point for fine-tuning; "" for the backbone's own.
    """

    layers: tuple[str, ...]
    named: tuple[str, ...]
    cut: str


def layers_to_try(network: Network) -> tuple[str, ...]:
    """Return layers from shallow to deep: the backbone's own features, or some before the one."""
    own = own_features(network)
    if len(own) > 1:
        return own
    earlier = [name for name in network.cut_points if name not in own]
    return (*earlier[-_EARLIER_CUTS:], *own)


def feature_sets(network: Network) -> tuple[FeatureSet, ...]:
    """Return the sets to rank: the backbone's own, each layer alone, and the first k together.

    Leaving out the deepest layers makes the network smaller and quicker too.

    Args:
        network: built with the backbone's own features.
    """
    own, layers = own_features(network), layers_to_try(network)
    singles = [(name,) for name in layers]
    prefixes = [layers[: count + 1] for count in range(1, len(layers))]
    found = {own: FeatureSet(own, (), "")}
    for chosen in (*singles, *prefixes):
        if chosen not in found:
            found[chosen] = FeatureSet(chosen, chosen, _cut_for(network, chosen[-1]))
    return tuple(found.values())


def own_features(network: Network) -> tuple[str, ...]:
    """Return the feature layers that the network was built with, shallow to deep."""
    return tuple(network.pooled_layer(pool) for pool in network.pools)


def _cut_for(network: Network, deepest: str) -> str:
    """Return a cut that leaves as many cut points behind it as the backbone's own does.

    "" where the backbone's own cut lies before the deepest feature layer.
    """
    order = {layer.name: position for position, layer in enumerate(network.model.layers)}
    own = network.cut("")
    before = [name for name in network.cut_points if order[name] < order[deepest]]
    if own in before or not before:
        return ""
    behind = len(network.cut_points) - 1 - network.cut_points.index(own)
    return before[max(0, len(before) - 1 - behind)]
