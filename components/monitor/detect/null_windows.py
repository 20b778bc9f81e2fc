"""Windows without drift, made from the reference: pictures that a detector was not fitted to."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.artifacts.monitoring.observations import Observations, Texts
from components.monitor.detect.contract import Design

Rows = npt.NDArray[np.int64]

_MOST_SPLITS = 60
# Many: windows of one split share what its few held-out pictures have in common.
_ROW_SPLITS = 200
_HELD_SHARE = 0.1
LEAST_GROUPS = 3


@dataclass(frozen=True)
class NullSplit:
    """Rows to fit to, and rows to make windows of: whole groups, or pictures from anywhere."""

    fit: Rows
    held: Rows


def groups_of(observations: Observations) -> Texts:
    """Return the names of the groups that some pictures belong to."""
    named = observations.groups[observations.groups != ""]
    names: Texts = np.unique(named.astype(object))
    return names


def feasible(design: Design, reference: Observations) -> Design:
    """Return the design that the reference can imitate.

    At most half of its groups can be left out; with fewer than three named groups it can only
    imitate independent pictures.
    """
    known = len(groups_of(reference))
    if design.independent or known < LEAST_GROUPS:
        return Design(design.pictures, design.pictures)
    return Design(design.pictures, max(1, min(design.groups, known // 2)))


def splits(
    reference: Observations, design: Design, *, at_most: int, rng: np.random.Generator
) -> tuple[NullSplit, ...]:
    """Divide the reference in many ways.

    Args:
        reference: at least two pictures.
        design: a feasible one.
        at_most: how many ways are enough.
        rng: deals out rows or groups.
    """
    if design.independent:
        ways = min(_ROW_SPLITS, at_most)
        return tuple(_row_split(len(reference), design, rng) for _ in range(ways))
    names = groups_of(reference)
    if design.groups == 1:
        chosen = [names[[g]] for g in rng.permutation(len(names))[: min(_MOST_SPLITS, at_most)]]
    else:
        count = min(_MOST_SPLITS, 4 * len(names), at_most)
        chosen = [names[rng.permutation(len(names))[: design.groups]] for _ in range(count)]
    held = [np.isin(reference.groups, some) for some in chosen]
    return tuple(NullSplit(np.flatnonzero(~out), np.flatnonzero(out)) for out in held)


def _row_split(count: int, design: Design, rng: np.random.Generator) -> NullSplit:
    held = int(np.clip(max(design.pictures, _HELD_SHARE * count), 1, count // 2))
    order = rng.permutation(count)
    return NullSplit(np.sort(order[held:]), np.sort(order[:held]))


def draw(split: NullSplit, groups: Texts, design: Design, *, rng: np.random.Generator) -> Rows:
    """Return the rows of one window, in the order in which they came.

    Args:
        split: where from.
        groups: of all rows of the reference.
        design: how many pictures; groups come one after the other.
        rng: draws the pictures, with replacement only where there are too few.
    """
    if design.independent:
        return _some(split.held, design.pictures, rng)
    names = rng.permutation(np.unique(groups[split.held]))
    parts = np.array_split(np.arange(design.pictures), len(names))
    drawn: list[Any] = [
        np.sort(_some(split.held[groups[split.held] == name], len(part), rng))
        for name, part in zip(names, parts, strict=True)
    ]
    rows: Rows = np.concatenate(drawn)
    return rows


def _some(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    if count <= len(rows):
        return rng.permutation(rows)[:count]
    return rng.choice(rows, count)
