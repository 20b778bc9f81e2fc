"""The product: pictures that resemble nothing in the reference though the camera seems well.

A picture's oddness is its distance to the nearest reference pictures of other groups. Few odd
ones among known ones are novel; when most are odd, or all moved a little, the look is new.
"""

import numpy as np

from components.monitor.explain.view import Finding, Floats, Table, View
from components.monitor.observe.observations import Texts

NEIGHBOURS = 3
_ODD = 0.98  # quantile of the reference's own oddness
_LEAST_EXCESS = 0.04
_MOST_NOVEL = 0.6
# A fault of the camera makes pictures odd as well: where one is believed, it comes first.
_MOST = 1.0
_BEGIN = 1.0  # root mean square shift of the embedding, in spreads


def find(view: View) -> tuple[Finding, ...]:
    """Return how much speaks for novel pictures and for a new look."""
    table = view.embedding if view.embedding.usable else view.look
    if not table.usable or len(table.reference) <= NEIGHBOURS:
        return ()
    groups = view.reference.groups[table.reference_rows]
    usual = oddness(table.reference / table.spread, table.reference / table.spread, groups, groups)
    blank = np.full(len(table.values), "", dtype=object)
    seen = oddness(table.values / table.spread, table.reference / table.spread, blank, groups)
    share = float((seen > np.quantile(usual, _ODD)).mean())
    middle = float(np.median(seen) / max(float(np.median(usual)), 1e-9))
    moved = float(np.sqrt((table.shift**2).mean())) * float(np.sqrt(min(view.groups, 4.0)))
    evidence = (
        f"{100 * share:.0f} % of the pictures are odder than {100 * _ODD:.0f} % of the reference.",
        f"The embeddings' mean moved by {moved:.1f} times what chance between groups explains.",
    )
    novel = (share - (1 - _ODD)) / _LEAST_EXCESS if share < _MOST_NOVEL and middle < 1.25 else 0.0
    return (
        Finding(fault="novel", strength=max(0.0, min(novel, _MOST)), evidence=evidence),
        Finding(fault="new_look", strength=min(moved / _BEGIN, _MOST), evidence=evidence),
    )


def oddness(values: Floats, known: Floats, own: Texts, groups: Texts) -> Floats:
    """Return float64 [N]: mean distance to the nearest pictures of other groups.

    Args:
        values: float64 [N, D].
        known: float64 [M, D].
        own: group of each of `values`, "" for none.
        groups: group of each of `known`.
    """
    squared = (values**2).sum(axis=1)[:, None] + (known**2).sum(axis=1)[None]
    squared = np.maximum(squared - 2.0 * values @ known.T, 0.0)
    named = own[:, None] == groups[None]
    if len(set(groups)) > 1:
        squared[named & (own != "")[:, None]] = np.inf
    count = min(NEIGHBOURS, known.shape[0])
    nearest = np.partition(squared, count - 1, axis=1)[:, :count]
    return np.asarray(np.sqrt(nearest).mean(axis=1))


def nearest_rows(table: Table) -> "tuple[Floats, Floats]":
    """Return for each picture of the window the nearest reference row's place and distance."""
    values, known = table.values / table.spread, table.reference / table.spread
    squared = (values**2).sum(axis=1)[:, None] + (known**2).sum(axis=1)[None]
    squared = np.maximum(squared - 2.0 * values @ known.T, 0.0)
    place = squared.argmin(axis=1)
    return place, np.sqrt(squared[np.arange(len(values)), place])
