"""The layer profile: what a linear probe on the pretrained features reaches at each depth.

Where late layers tell the classes apart better than early ones, the network has learned on its
old task what the new one needs; where they do not, only the low layers are worth having.
"""

import dataclasses
import logging
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from components.common.artifacts.decision import DepthScore
from components.common.progress import track
from components.common.seeding import derive, generator
from components.networks.data import Split
from components.networks.features.cache import Want
from components.networks.network import Network, pool_over_picture
from components.networks.probe.folds import Fold
from components.networks.probe.grouped import (
    BALANCED_ACCURACY,
    ROC_AUC,
    corrected_error,
    grouped_folds,
    probe_scores,
)
from components.train.session import Session
from components.train.transferability import h_score, logme, proxy_a_distance

LOG = logging.getLogger(__name__)

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Profile:
    """Scores from shallow to deep; none where a class has too few groups for two folds.

    metric, chance: see `Decision`.
    domains: the two domains whose distance was measured; none where fewer are named.
    """

    depths: tuple[DepthScore, ...]
    metric: str
    chance: float
    domains: tuple[str, ...] = ()

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
    metric = ROC_AUC if split.targets.shape[1] == 2 else BALANCED_ACCURACY
    chance = 1.0 / split.targets.shape[1]
    sample = _sample(split, limit, seed=session.seed)
    folds = grouped_folds(sample.labels, sample.groups, seed=derive(session.seed, "profile"))
    if not folds:
        return Profile((), metric, chance)
    pooled = _pooled_throughout(network)
    names = tuple(str(output) for output in pooled.pools)
    want = Want(sample, names, activity="computing the layer profile")
    features = session.cache.get(pooled, want)
    domains = _two_domains(sample)
    depths = []
    for name, values in track(list(zip(names, features, strict=True)), "probing layers"):
        depth = _depth(name, network)
        scored = _scored(np.asarray(values, np.float64), sample, folds, depth, metric=metric)
        depths.append(_with_distance(scored, values, sample, domains, seed=session.seed))
        LOG.info("%s: %s %.3f +- %.3f", depth.layer, metric, scored.score, scored.error)
    return Profile(tuple(depths), metric, chance, domains)


def _sample(split: Split, limit: int, *, seed: int) -> Split:
    if split.pictures <= limit and split.views == 1:
        return split
    chosen = np.arange(split.pictures)
    if split.pictures > limit:
        drawn = generator(seed, "profile pictures").choice(split.pictures, limit, replace=False)
        chosen = np.sort(drawn)
    everything = len(chosen) == split.pictures
    return dataclasses.replace(
        split,
        # A slice stays on disk, a selection does not.
        pixels=split.pixels[: split.pictures] if everything else split.pixels[chosen],
        targets=split.targets[chosen],
        labels=split.labels[chosen],
        weights=split.weights[chosen],
        groups=split.groups[chosen],
        domains=tuple(split.domains[i] for i in chosen) if split.domains else (),
        paths=tuple(split.paths[i] for i in chosen) if split.paths else (),
        content_sha256=f"{split.content_sha256} view 0"
        + ("" if everything else f" {limit} drawn by {seed}"),
    )


def _pooled_throughout(network: Network) -> Network:
    """Return the same layers with every cut point pooled as the features are: its `pools`."""
    last = network.pools[-1]
    deepest = network.model.get_layer(last)
    pooled = {}
    for cut in network.cut_points:
        output = network.model.get_layer(cut).output
        if output is not deepest.input and len(output.shape) in {3, 4}:
            name = f"profile_{cut}"
            pooled[name] = pool_over_picture(output, pooling=network.pooling, name=name)
    model = keras.Model(network.model.inputs[0], [*pooled.values(), deepest.output])
    return dataclasses.replace(network, model=model, pools=(*pooled, last))


@dataclass(frozen=True)
class _Depth:
    layer: str
    depth: float


def _depth(pool: str, network: Network) -> _Depth:
    """Return the layer that was pooled, and how deep it lies."""
    order = [layer.name for layer in network.model.layers]
    if pool == network.pools[-1]:
        source = network.pooled_layer(pool)
    else:
        source = pool.removeprefix("profile_")
    deepest = network.pooled_layer(network.pools[-1])
    return _Depth(source, (order.index(source) + 1) / (order.index(deepest) + 1))


def _scored(
    features: Array, sample: Split, folds: list[Fold], depth: _Depth, *, metric: str
) -> DepthScore:
    folds_scores = probe_scores(features, sample.labels, folds, metric=metric)
    return DepthScore(
        layer=depth.layer,
        depth=depth.depth,
        features=features.shape[1],
        score=float(folds_scores.mean()),
        error=corrected_error(folds_scores),
        folds=tuple(float(value) for value in folds_scores),
        logme=logme(features, sample.labels),
        h_score=h_score(features, sample.labels),
    )


def _two_domains(sample: Split) -> tuple[str, ...]:
    """Return the two most frequent domains that are named, or none."""
    names, counts = np.unique([name for name in sample.domains if name], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:2]
    return tuple(str(name) for name in names[order]) if len(order) == 2 else ()


def _with_distance(
    scored: DepthScore, values: Array, sample: Split, domains: tuple[str, ...], *, seed: int
) -> DepthScore:
    if not domains:
        return scored
    named = np.asarray(sample.domains, dtype=object)
    rows = np.flatnonzero((named == domains[0]) | (named == domains[1]))
    labels = (named[rows] == domains[1]).astype(np.int64)
    folds = grouped_folds(labels, sample.groups[rows], seed=derive(seed, "domains"))
    if not folds:
        return scored
    features = np.asarray(values, np.float64)[rows]
    found = probe_scores(features, labels, folds, metric=BALANCED_ACCURACY)
    return dataclasses.replace(scored, domain_distance=proxy_a_distance(float(found.mean())))
