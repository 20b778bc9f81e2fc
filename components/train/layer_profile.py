"""The layer profile: what a linear probe on the pretrained features reaches at each depth.

Where late layers tell the classes apart better than early ones, the network has learned on its
old task what the new one needs; where they do not, only the low layers are worth having.
"""

import dataclasses
import logging
from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt

from components.common.artifacts.decision import DepthScore
from components.common.progress import track
from components.common.seeding import derive, generator
from components.common.statistics.figures import Quality
from components.networks.data import Split
from components.networks.features.cache import Want
from components.networks.network import Network, pool_over_picture
from components.networks.probe.grouped import corrected_error, probe_scores, whole_folds
from components.train.session import Session

LOG = logging.getLogger(__name__)

_PREFIX = "profile_"


@dataclass(frozen=True)
class Profile:
    """Scores from shallow to deep; none where a class has too few groups for two folds.

    metric, chance: see `Decision`.
    """

    depths: tuple[DepthScore, ...]
    metric: Quality
    chance: float

    @property
    def best(self) -> DepthScore:
        """The layer with the highest score, the shallowest of equals."""
        return max(self.depths, key=lambda depth: depth.score)

    @property
    def best_below_top(self) -> DepthScore:
        """The same without the last layer."""
        return max(self.depths[:-1], key=lambda depth: depth.score)


def measure(split: Split, network: Network, session: Session, *, limit: int) -> Profile:
    """Probe the mean activations after every cut point and of the deepest feature layer.

    One pass through the network, view 0 of at most `limit` pictures; only means are kept. The
    penalty is chosen per layer on the same folds, which flatters every layer alike.

    Args:
        split: the training pictures.
        network: with the weights that it came with.
        session: seed, cache.
        limit: more pictures than this are sampled.
    """
    classes = split.targets.shape[1]
    metric: Quality = "roc_auc" if classes == 2 else "balanced_accuracy"
    chosen = np.arange(split.pictures)
    if len(chosen) > limit:
        drawing = generator(session.seed, "profile pictures")
        chosen = drawing.choice(split.pictures, limit, replace=False)
    sample = split.take(np.sort(chosen))
    folds = whole_folds(sample.labels, sample.groups, seed=derive(session.seed, "profile"))
    if not folds:
        return Profile((), metric, 1.0 / classes)
    pooled = _pooled_throughout(network)
    want = Want(sample, pooled.pools, activity="computing the layer profile")
    features = session.cache.get(pooled, want)
    depths = []
    for pool, values in track(list(zip(pooled.pools, features, strict=True)), "probing layers"):
        exact = np.asarray(values, np.float64)
        scores = probe_scores(exact, sample.labels, folds, metric=metric)
        depth = _depth_score(pool, network, exact.shape[1], scores)
        LOG.info("%s: %s %.3f +- %.3f", depth.layer, metric, depth.score, depth.error)
        depths.append(depth)
    return Profile(tuple(depths), metric, 1.0 / classes)


def _pooled_throughout(network: Network) -> Network:
    """Return the same layers with every cut point pooled as the features are: its `pools`."""
    last = network.pools[-1]
    deepest = network.model.get_layer(last)
    pooled = {}
    for cut in network.cut_points:
        output = network.model.get_layer(cut).output
        if output is not deepest.input and len(output.shape) in {3, 4}:
            name = f"{_PREFIX}{cut}"
            # All places of an early layer would be hundreds of thousands of features.
            pooling = "mean" if network.pooling == "flatten" else network.pooling
            pooled[name] = pool_over_picture(output, pooling=pooling, name=name)
    model = keras.Model(network.model.inputs[0], [*pooled.values(), deepest.output])
    return dataclasses.replace(network, model=model, pools=(*pooled, last))


def _depth_score(
    pool: str, network: Network, features: int, folds: npt.NDArray[np.float64]
) -> DepthScore:
    """Return the score of one of the `pools` with the layer it pools, and how deep that lies."""
    order = [layer.name for layer in network.model.layers]
    deepest = network.pooled_layer(network.pools[-1])
    layer = deepest if pool == network.pools[-1] else pool.removeprefix(_PREFIX)
    return DepthScore(
        layer=layer,
        depth=(order.index(layer) + 1) / (order.index(deepest) + 1),
        features=features,
        score=float(folds.mean()),
        error=corrected_error(folds),
        folds=tuple(float(value) for value in folds),
    )
