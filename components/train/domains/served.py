"""One network that answers about both sides, made of ordinary layers."""

import dataclasses

import keras
import numpy as np

from components.common.statistics.folds import grouped_folds
from components.networks.config import EMBEDDING, LOGITS
from components.networks.data import Split
from components.networks.network import Network, output_of
from components.networks.probe.probe import Probe, fit_probe
from components.networks.rows import Floats, Positions
from components.train.domains.arms import DomainAnswers, Sides

# Weak: where the sides are easily told apart, a picture is of one of them, not of both by halves.
_STRENGTH = 10.0


def served(network: Network, answers: DomainAnswers, side: Probe) -> Network:
    """Return a network that asks each picture's side first, and answers as the arm does about it.

    logits = own(x) + s (others(x) - own(x)), s the chance that x is of the other side. That is one
    head, which reads x, s x and s.

    Args:
        network: as it came; its backbone and embedding are shared.
        answers: of both sides.
        side: tells them apart, logits [N, 2].
    """
    features = output_of(network.model, EMBEDDING)
    chance = keras.layers.Dense(1, activation="sigmoid", name="side")
    share = chance(features)
    moved = keras.layers.Multiply(name="moved")([features, share])
    routed = keras.layers.Concatenate(name="routed")([features, moved, share])
    head = keras.layers.Dense(answers.own.bias.size, name=LOGITS)
    model = keras.Model(network.model.inputs[0], head(routed), name=network.model.name)
    chance.set_weights([np.diff(side.kernel, axis=1), np.diff(side.bias)])
    apart = (answers.others.kernel - answers.own.kernel, answers.others.bias - answers.own.bias)
    head.set_weights(
        [np.concatenate([answers.own.kernel, apart[0], apart[1][None]]), answers.own.bias]
    )
    return dataclasses.replace(network, model=model)


def tell_apart(sides: Sides, strangers: Split, *, seed: int) -> tuple[Probe, float]:
    """Return what tells the sides apart, and how often it is right about groups it has not seen.

    Args:
        sides: embeddings.
        strangers: the pictures without labels.
        seed: of the folds.
    """
    features = np.concatenate([sides.plain, sides.others])
    both = _both(sides.split, strangers)
    fold = next(iter(grouped_folds(both.labels, both.groups, folds=4, seed=seed)), None)
    right = float("nan")
    if fold is not None:
        tried = _fit(features[fold.inner], both, fold.inner, seed=seed)
        hits = tried.logits(features[fold.outer]).argmax(axis=1) == both.labels[fold.outer]
        right = float(hits.mean())
    return _fit(features, both, np.arange(len(features)), seed=seed), right


def _fit(features: Floats, both: Split, rows: Positions, *, seed: int) -> Probe:
    return fit_probe(features, both.select(rows), strength=_STRENGTH, seed=seed)


def _both(own: Split, strangers: Split) -> Split:
    """Return the pictures of both sides with the side as their label, each side half the weight."""
    labels = np.repeat([0, 1], [own.pictures, strangers.pictures])
    groups = [f"own {group}" for group in own.groups]
    groups += [f"other {group}" for group in strangers.groups]
    whole = Split(
        pixels=labels[:, None],
        targets=np.eye(2, dtype=np.float32)[labels],
        labels=labels,
        weights=np.ones(len(labels), np.float32),
        groups=np.asarray(groups, dtype=object),
        paths=own.paths + strangers.paths,
        content_sha256="",
    )
    return whole.balanced()
