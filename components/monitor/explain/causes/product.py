"""The product: pictures that resemble nothing in the reference though the camera seems well.

A picture's oddness is its distance to the nearest reference pictures of other groups. Few odd
ones among known ones are novel; when most are odd, or all moved a little, the look is new.
"""

import numpy as np

from components.common.artifacts.monitoring.observations import Texts
from components.monitor.explain.comparison import CauseFinding, Comparison, Floats

NEIGHBOURS = 3
_ODD = 0.98  # quantile of the reference's own oddness
_LEAST_EXCESS = 0.15
_MOST_NOVEL = 0.6
# A fault of the camera makes pictures odd as well: where one is believed, it comes first.
_MOST = 1.0
# Root mean square shift of the embedding, in spreads: a mild fault of the camera reaches 3.
_BEGIN = 4.5


def find(seen: Comparison) -> tuple[CauseFinding, ...]:
    """Return how much speaks for novel pictures and for a new look."""
    figures = seen.tells_pictures_apart
    if not figures.usable or len(figures.reference) <= NEIGHBOURS:
        return ()
    groups = seen.reference.groups[figures.reference_rows]
    values, known = figures.values / figures.spread, figures.reference / figures.spread
    usual = oddness(known, known, groups, groups)
    odd = oddness(values, known, np.full(len(values), "", dtype=object), groups)
    share = float((odd > np.quantile(usual, _ODD)).mean())
    middle = float(np.median(odd) / max(float(np.median(usual)), 1e-9))
    moved = float(np.sqrt((figures.shift**2).mean())) * float(np.sqrt(min(seen.groups, 4.0)))
    evidence = (
        f"{100 * share:.0f} % of the pictures are odder than {100 * _ODD:.0f} % of the reference.",
        f"The embeddings' mean moved by {moved:.1f} times what chance between groups explains.",
    )
    novel = (share - (1 - _ODD)) / _LEAST_EXCESS if share < _MOST_NOVEL and middle < 1.25 else 0.0
    return (
        CauseFinding(fault="novel", strength=max(0.0, min(novel, _MOST)), evidence=evidence),
        CauseFinding(fault="new_look", strength=min(moved / _BEGIN, _MOST), evidence=evidence),
    )


def oddness(values: Floats, known: Floats, own: Texts, groups: Texts) -> Floats:
    """Return float64 [N]: mean distance to the nearest pictures of other groups.

    Args:
        values: float64 [N, D].
        known: float64 [M, D].
        own: group of each of `values`, "" for none.
        groups: group of each of `known`.
    """
    from scipy.spatial.distance import cdist

    distances = cdist(values, known)
    if len(set(groups)) > 1:
        distances[(own[:, None] == groups[None]) & (own != "")[:, None]] = np.inf
    count = min(NEIGHBOURS, len(known))
    return np.asarray(np.partition(distances, count - 1, axis=1)[:, :count].mean(axis=1))
