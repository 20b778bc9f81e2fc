"""Straight-line maps of embeddings between domains: standardisation of each side, and CORAL."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.statistics.pca import Components
from components.networks.probe.blocks import Doubles
from components.networks.probe.probe import Probe, feature_scale
from components.networks.rows import Floats

# CORAL changes the covariance along so many directions; the others are left as they are.
_MOST_DIRECTIONS = 128


@dataclass(frozen=True)
class Standard:
    """x -> (x - mean) * scale: a domain's own statistics, as AdaBN (Li et al. 2017) takes them.

    mean, scale: float64 [D].
    """

    mean: Doubles
    scale: Doubles

    @classmethod
    def of(cls, features: Floats) -> "Standard":
        """Return the statistics of embeddings [N, D]."""
        return cls(features.mean(axis=0, dtype=np.float64), feature_scale(features))

    def __call__(self, features: npt.NDArray[np.floating]) -> Floats:
        """Return float32 [N, D]."""
        return ((features - self.mean) * self.scale).astype(np.float32)

    def folded(self, probe: Probe) -> Probe:
        """Return the probe that answers about raw embeddings what this one does mapped."""
        kernel = probe.kernel * self.scale[:, None]
        bias = probe.bias - self.mean @ kernel
        return Probe(kernel.astype(np.float32), bias.astype(np.float32), probe.strength)


@dataclass(frozen=True)
class Recolouring:
    """x -> x + x basis change basis^T: gives the source the target's covariance (CORAL).

    Sun, Feng and Saenko 2016 (arXiv:1511.05547), equations 3 and 4: whiten by the source's
    covariance plus 1, recolour by the target's plus 1.

    basis: float64 [D, k], orthonormal; change: float64 [k, k].
    """

    basis: Doubles
    change: Doubles

    @classmethod
    def of(cls, source: Floats, target: Floats) -> "Recolouring":
        """Return the map for standardised embeddings [N, D] and [M, D]."""
        both = np.concatenate([source, target])
        basis = Components.of(both, count=_MOST_DIRECTIONS).axes
        white, colour = (
            _power(np.cov((side @ basis).T) + np.eye(basis.shape[1]), exponent)
            for side, exponent in ((source, -0.5), (target, 0.5))
        )
        return cls(basis, white @ colour - np.eye(basis.shape[1]))

    def __call__(self, features: Floats) -> Floats:
        """Return float32 [N, D]."""
        moved = (features @ self.basis) @ self.change @ self.basis.T
        return (features + moved).astype(np.float32)

    def folded(self, probe: Probe) -> Probe:
        """Return the probe that answers about embeddings what this one does about mapped ones."""
        moved = self.basis @ (self.change @ (self.basis.T @ probe.kernel))
        return Probe((probe.kernel + moved).astype(np.float32), probe.bias, probe.strength)


def _power(covariance: Doubles, exponent: float) -> Doubles:
    values, axes = np.linalg.eigh(covariance)
    powered: Doubles = (axes * values**exponent) @ axes.T
    return powered
