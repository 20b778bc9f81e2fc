"""Ways to fit a head where one class is rare; which of them buys what: docs/how-to/imbalance.md.

Each takes principal components float [views * N, k], the split, the probe's settings and a seed.
What its logits mean as probabilities is not its business: see `calibrate`.
"""

import dataclasses
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.statistics.temperature import softmax
from components.networks.data import Split
from components.networks.probe.blocks import Doubles
from components.networks.probe.probe import Probe, fit_probe
from components.networks.rows import Floats
from components.train.options import ProbeOptions

Features = npt.NDArray[Any]
Treatment = Callable[[Features, Split, ProbeOptions, int], Probe]

# Lin et al. 2017: the gamma of their tables.
_GAMMA = 2.0
# Of the covariance, the part that is the same in every direction.
_SHRINKAGE = 0.5
_NEIGHBOURS = 5
_SMALLEST = 1e-12


def logit_adjustment(
    features: Features, split: Split, options: ProbeOptions, seed: int, **more: Any
) -> Probe:
    """Fit the plain probe: the rest is the threshold (Menon et al. 2021, arXiv:2007.07314).

    The cross-entropy of logits + log(class shares) and the plain one have the same solution, but
    for the bias, where a bias is free and not penalised, as here.
    """
    return fit_probe(
        features,
        split,
        strength=options.strength,
        seed=seed,
        distil=options.distil,
        standardise=False,
        **more,
    )


def class_weights(features: Features, split: Split, options: ProbeOptions, seed: int) -> Probe:
    """Let every class count the same in the loss."""
    return logit_adjustment(features, split.balanced(), options, seed)


def focal(features: Features, split: Split, options: ProbeOptions, seed: int) -> Probe:
    """Let pictures count less that are answered well (Lin et al. 2017, arXiv:1708.02002)."""
    return logit_adjustment(features, split, options, seed, loss=focal_loss)


def focal_loss(logits: Floats, targets: Floats) -> tuple[Doubles, Doubles]:
    """Return each row's -sum y (1 - p)^2 ln p, and its gradient by the logits."""
    chances = np.maximum(softmax(logits).astype(np.float64), _SMALLEST)
    away, logs = 1.0 - chances, np.log(chances)
    losses = -(targets * away**_GAMMA * logs).sum(axis=1)
    by_chance = targets * (_GAMMA * away ** (_GAMMA - 1.0) * logs - away**_GAMMA / chances)
    along = (by_chance * chances).sum(axis=1, keepdims=True)
    return losses, chances * (by_chance - along)


def over_sampling(features: Features, split: Split, options: ProbeOptions, seed: int) -> Probe:
    """Repeat pictures of the rare classes at random until all are as frequent."""
    from imblearn.over_sampling import RandomOverSampler

    return _resampled(RandomOverSampler(random_state=seed), features, split, options, seed)


def under_sampling(features: Features, split: Split, options: ProbeOptions, seed: int) -> Probe:
    """Leave pictures of the frequent classes out at random until all are as rare."""
    from imblearn.under_sampling import RandomUnderSampler

    return _resampled(RandomUnderSampler(random_state=seed), features, split, options, seed)


def _resampled(
    sampler: Any, features: Features, split: Split, options: ProbeOptions, seed: int
) -> Probe:
    sampler.fit_resample(np.zeros((split.pictures, 1)), split.labels)
    rows = np.sort(sampler.sample_indices_)
    by_view = np.arange(len(features)).reshape(-1, split.pictures)
    return logit_adjustment(features[by_view[:, rows].ravel()], split.select(rows), options, seed)


def smote(features: Features, split: Split, options: ProbeOptions, seed: int) -> Probe:
    """Add points between neighbours of a rare class (Chawla et al. 2002, arXiv:1106.1813).

    In feature space, between all views; a class of one picture is repeated. The penalty is that of
    `class_weights`: folds would meet points between a picture and one that they left out.
    """
    from imblearn.over_sampling import SMOTE

    fewest = int(np.bincount(split.labels)[np.unique(split.labels)].min())
    if fewest < 2:
        return over_sampling(features, split, options, seed)
    views = len(features) // split.pictures
    labels = np.tile(split.labels, views)
    sampler = SMOTE(k_neighbors=min(_NEIGHBOURS, fewest * views - 1), random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows, found = sampler.fit_resample(np.asarray(features, np.float32), labels)
    new = found[len(labels) :]
    truths: list[Features] = [
        np.tile(split.targets, (views, 1)),
        np.eye(split.targets.shape[1])[new],
    ]
    weights: list[Features] = [np.tile(split.weights, views), np.ones(len(new))]
    whole = dataclasses.replace(
        split.take(np.arange(0)),
        pixels=rows,
        labels=found.astype(np.int64),
        targets=np.concatenate(truths).astype(np.float32),
        weights=(np.concatenate(weights) / views).astype(np.float32),
        groups=np.arange(len(found)).astype(str),
    )
    strength = options.strength or class_weights(features, split, options, seed).strength
    return logit_adjustment(rows, whole, dataclasses.replace(options, strength=strength), seed)


def discriminant(
    features: Features,
    split: Split,
    options: ProbeOptions,  # noqa: ARG001
    seed: int,  # noqa: ARG001
) -> Probe:
    """Linear discriminant with one covariance for all classes (Fisher 1936; Friedman 1989).

    The many good pictures say how pictures differ that differ in nothing that matters; the rare
    ones only have to say where their mean is. Its C is 0: nothing is penalised.
    """
    views = len(features) // split.pictures
    shares = np.tile(split.targets * split.weights[:, None], (views, 1)).astype(np.float64)
    rows = np.asarray(features, np.float64)
    means = (shares.T @ rows) / shares.sum(axis=0)[:, None]
    apart = rows.T @ (rows * shares.sum(axis=1)[:, None]) - means.T @ (shares.T @ rows)
    covariance = apart / shares.sum()
    level = max(float(np.trace(covariance)) / len(covariance), _SMALLEST)
    shrunk = (1.0 - _SHRINKAGE) * covariance + _SHRINKAGE * level * np.eye(len(covariance))
    kernel = np.linalg.solve(shrunk, means.T)
    bias = -0.5 * (means * kernel.T).sum(axis=1)
    return Probe(kernel.astype(np.float32), bias.astype(np.float32), 0.0)
