"""The ways to answer about a domain without its labels, from doing nothing to an adversary."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from threadpoolctl import threadpool_limits

from components.common.progress import report
from components.common.seeding import generator
from components.networks.data import Split
from components.networks.probe.probe import Probe
from components.networks.probe.solver import Beside, Solver, Term
from components.networks.rows import Floats
from components.train.domains.adversary import deceive
from components.train.domains.maps import Recolouring, Standard
from components.train.domains.terms import confusion, discrepancy

Arm = Literal["none", "standardise", "coral", "mmd", "mcc", "dann"]
ARMS: tuple[Arm, ...] = ("none", "standardise", "coral", "mmd", "mcc", "dann")
# How much what makes the sides agree counts, of each arm, beside the loss on the labels.
WEIGHTS: dict[Arm, float] = dict.fromkeys(ARMS, 1.0) | {"mmd": 3.0, "mcc": 0.3, "dann": 0.3}


@dataclass(frozen=True)
class Sides:
    """Embeddings of both sides.

    own: float32 [views * N, D] of the labelled pictures, rows as in `split`.
    split: their targets, weights and groups.
    others: float32 [M, D] of the pictures whose labels nobody may look at.
    """

    own: Floats
    split: Split
    others: Floats

    @property
    def plain(self) -> Floats:
        """Embeddings of the labelled pictures as they are, float32 [N, D]."""
        return self.own[: self.split.pictures]


@dataclass(frozen=True)
class DomainAnswers:
    """How an arm answers about raw embeddings of each side.

    own, others: what is asked about a picture of the one side, and of the other.
    """

    arm: Arm
    own: Probe
    others: Probe


def solve(arm: Arm, sides: Sides, *, strength: float, weight: float, seed: int) -> DomainAnswers:
    """Fit one arm.

    Args:
        arm: which.
        sides: embeddings.
        strength: inverse L2 penalty C on the standardised embeddings, as of the probe.
        weight: times the arm's own of WEIGHTS.
        seed: of rows that are drawn.
    """
    weight *= WEIGHTS[arm]
    own = Standard.of(sides.plain)
    others = own if arm == "none" else Standard.of(sides.others)
    known, asked = own(sides.own), others(sides.others)
    views = len(known) // sides.split.pictures
    targets = np.tile(sides.split.targets, (views, 1))
    weights = np.tile(sides.split.weights / np.float32(views), views)
    recolour = Recolouring.of(known[: sides.split.pictures], asked) if arm == "coral" else None
    seen = recolour(known) if recolour else known
    with threadpool_limits(1):
        solver = Solver(seen, targets, weights)
        found = _probe(solver, strength)
        if arm in {"mmd", "mcc"}:
            term = _term(arm, found, seen, asked, weight=weight, seed=seed)
            solver.beside = Beside(asked, term)
            found = _probe(solver, strength)
    if arm == "dann":
        shares = targets * (weights / weights.mean())[:, None]
        found = deceive(seen, shares, asked, start=found, weight=weight)
    report(f"fitting by {arm}", 1, 1)
    mine = own.folded(recolour.folded(found) if recolour else found)
    return DomainAnswers(arm, mine, mine if others is own else others.folded(found))


def _probe(solver: Solver, strength: float) -> Probe:
    kernel, bias = solver.at(strength)
    return Probe(kernel.astype(np.float32), bias.astype(np.float32), strength)


def _term(arm: Arm, start: Probe, own: Floats, others: Floats, *, weight: float, seed: int) -> Term:
    if arm == "mcc":
        return confusion(weight)
    rng = generator(seed, "discrepancy")
    return discrepancy(weight, own=start.logits(own), others=start.logits(others), rng=rng)
