"""Closed-form maps between features and attributes, as scores that are linear in the features.

Every solver ends in a kernel [D, C] and a bias [C], so that a fitted map is an ordinary linear
head. N pictures with D features, C classes with A attributes:

* ESZSL (Romera-Paredes and Torr 2015, ICML): V = (X^T X + g I)^-1 X^T Y S (S^T S + l I)^-1.
* SAE (Kodirov et al. 2017, CVPR, arXiv:1704.08345): W with (S^T S) W + W (l X^T X) = (1 + l) S^T X.
* DAP (Lampert et al. 2009, CVPR): a logistic regression an attribute; with z its logits the class
  has the score s . z - log prior of its attributes, since what is left is the same for each class.
* The way back, from attributes to features (Shigeto et al. 2015, ECML, arXiv:1507.00825): ridge
  regression of the pictures on their attributes; the nearest prototype in feature space is taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.linalg import solve_sylvester
from scipy.optimize import minimize
from scipy.special import expit

from components.common.statistics.weighted import Floats

Solver = Literal["eszsl", "sae", "dap"]
# Where the nearest class is looked for.
Ranking = Literal["visual", "attributes"]
Penalty = tuple[float, ...]

# In units of the mean square of what is penalised.
_GRID = tuple(10.0**power for power in range(-3, 3))
_STRENGTHS = (0.01, 0.1, 1.0)
_RARE = 0.02


@dataclass(frozen=True)
class Problem:
    """Pictures of known classes, and the attributes of all.

    features: float64 [N, D], centred.
    targets: float64 [N, C], rows sum to 1; columns of classes without pictures are 0.
    weights: float64 [N], mean 1.
    signatures: float64 [C, A], standardised.
    """

    features: Floats
    targets: Floats
    weights: Floats
    signatures: Floats

    @property
    def wanted(self) -> Floats:
        """The attributes of each picture, float64 [N, A]."""
        return self.targets @ self.signatures


@dataclass(frozen=True)
class Linear:
    """Scores features @ kernel + bias; kernel float64 [D, C], bias float64 [C]."""

    kernel: Floats
    bias: Floats

    def scores(self, features: Floats) -> Floats:
        """Return float64 [N, C]."""
        return features @ self.kernel + self.bias


def solutions(
    problem: Problem, solver: Solver, ranking: Ranking
) -> Iterator[tuple[Penalty, Linear]]:
    """Yield a map for each penalty that is worth a try."""
    if ranking == "visual":
        yield from _prototypes(problem) if solver != "sae" else _sae(problem, visual=True)
    elif solver == "eszsl":
        yield from _eszsl(problem)
    elif solver == "sae":
        yield from _sae(problem, visual=False)
    else:
        yield from _dap(problem)


def nearest(prototypes: Floats) -> Linear:
    """Return scores whose largest names the nearest prototype: 2 x . p - |p|^2, [C, D] rows."""
    return Linear(2.0 * prototypes.T, -(prototypes**2).sum(axis=1))


def _eszsl(problem: Problem) -> Iterator[tuple[Penalty, Linear]]:
    seen = problem.targets.sum(axis=0) > 0
    known = problem.signatures[seen]
    roots = np.sqrt(problem.weights)[:, None]
    rows, signs = problem.features * roots, (2.0 * problem.targets[:, seen] - 1.0) * roots
    of_rows, along_rows = np.linalg.eigh(rows.T @ rows)
    of_classes, along_classes = np.linalg.eigh(known.T @ known)
    turned = along_rows.T @ (rows.T @ signs @ known) @ along_classes
    for first in _GRID:
        for second in _GRID:
            shrunk = turned / (of_rows + first * of_rows.mean())[:, None]
            shrunk = shrunk / (of_classes + second * of_classes.mean())
            kernel = along_rows @ shrunk @ along_classes.T @ problem.signatures.T
            yield (first, second), Linear(kernel, np.zeros(len(problem.signatures)))


def _sae(problem: Problem, *, visual: bool) -> Iterator[tuple[Penalty, Linear]]:
    roots = np.sqrt(problem.weights)[:, None]
    rows, wanted = problem.features * roots, problem.wanted * roots
    of_attributes, of_rows, both = wanted.T @ wanted, rows.T @ rows, wanted.T @ rows
    # The two sides in the same units, so that one grid does for all features.
    unit = np.trace(of_attributes) / np.trace(of_rows)
    for penalty in _GRID:
        share = penalty * unit
        # To the pictures, and (tied) back: neither is only learnt for the known classes.
        encoder = solve_sylvester(of_attributes, share * of_rows, (1.0 + share) * both)
        if visual:
            yield (penalty,), nearest(problem.signatures @ encoder)
            continue
        found = nearest(problem.signatures)
        yield (penalty,), Linear(encoder.T @ found.kernel, found.bias)


def _prototypes(problem: Problem) -> Iterator[tuple[Penalty, Linear]]:
    roots = np.sqrt(problem.weights)[:, None]
    wanted = problem.wanted * roots
    lengths, along = np.linalg.eigh(wanted.T @ wanted)
    turned = along.T @ (wanted.T @ (problem.features * roots))
    for penalty in _GRID:
        back = along @ (turned / (lengths + penalty * lengths.mean())[:, None])
        yield (penalty,), nearest(problem.signatures @ back)


def _dap(problem: Problem) -> Iterator[tuple[Penalty, Linear]]:
    low, high = problem.signatures.min(axis=0), problem.signatures.max(axis=0)
    shares = (problem.signatures - low) / (high - low)
    truths = problem.targets @ shares
    prior = np.average(truths, axis=0, weights=problem.weights).clip(_RARE, 1.0 - _RARE)
    expected = shares @ np.log(prior) + (1.0 - shares) @ np.log(1.0 - prior)
    start = np.zeros((problem.features.shape[1] + 1, shares.shape[1]))
    for strength in _STRENGTHS:
        start = _logistic(problem, truths, strength=strength, start=start)
        yield (strength,), Linear(start[:-1] @ shares.T, start[-1] @ shares.T - expected)


def _logistic(problem: Problem, truths: Floats, *, strength: float, start: Floats) -> Floats:
    """Fit all attributes at once: kernel [D, A] with the bias as a last row."""
    rows = np.column_stack([problem.features, np.ones(len(problem.features))])
    weights = problem.weights[:, None]
    total = weights.sum()
    decay = np.full(rows.shape[1], 1.0 / (strength * total))
    decay[-1] = 0.0

    def loss(flat: Floats) -> tuple[float, Floats]:
        kernel = flat.reshape(start.shape)
        logits = rows @ kernel
        losses = np.logaddexp(0.0, logits) - truths * logits
        wrong = (expit(logits) - truths) * weights
        pull = decay[:, None] * kernel
        value = float((losses * weights).sum() / total + 0.5 * (pull * kernel).sum())
        return value, (rows.T @ wrong / total + pull).ravel()

    found = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    fitted: Floats = found.x.reshape(start.shape)
    return fitted
