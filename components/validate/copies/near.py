"""Which pictures are copies of one another that were saved, resized, moved, turned or lit again.

Spectra name the candidates, pixels decide: a pair is a copy where less of it differs than in the
pairs of this data set that merely look alike. No network is asked: an embedding is made to overlook
just what tells two good parts apart.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.pictures.decode import Pixels
from components.validate.copies import candidates, registration
from components.validate.copies.duplicates import first_of_each
from components.validate.copies.spectra import SIDE_PX, Floats

# What saving the demo's cells again as JPEG of quality 75 makes of
# 99 in 100 of them.
LEAST_LIMIT = 0.0013
LARGEST_LIMIT = 0.01
# Pairs that look most alike: the hundredth that differs least, and how much less a copy differs.
_MOST_ALIKE = 0.01
_MARGIN = 0.7


@dataclass(frozen=True)
class NearCopies:
    """What was found.

    first: path of the first picture that shows the same, often its own, by the facts' rows.
    pairs: columns `one`, `other` (paths) and `difference`, the least different first; pictures
        with the same pixels stand for each other.
    limit: the largest difference of a copy, 0 to 1.
    """

    first: pd.Series
    pairs: pd.DataFrame
    limit: float


def find(facts: pd.DataFrame, miniatures: pd.Series) -> NearCopies:
    """Return the near copies among the pictures that the facts measured.

    Args:
        facts: one row a picture; unreadable ones are copies of nothing.
        miniatures: bytes of `miniature` by row, none of what cannot be read.
    """
    exact = first_of_each(facts)
    alone = np.flatnonzero(facts["readable"] & (exact == facts["path"]))
    paths = facts["path"].to_numpy()[alone]
    seen = b"".join(miniatures.to_numpy()[alone])
    pairs, limit = compare(np.frombuffer(seen, dtype=np.uint8).reshape(-1, SIDE_PX, SIDE_PX))
    first = dict(
        zip(paths, paths[first_linked(len(paths), pairs["one"], pairs["other"])], strict=True)
    )
    pairs = pairs.assign(one=paths[pairs["one"]], other=paths[pairs["other"]])
    return NearCopies(exact.map(first).fillna(facts["path"]), pairs, limit)


def compare(miniatures: Pixels) -> tuple[pd.DataFrame, float]:
    """Return the pairs that are copies, the least different first, and the limit.

    Args:
        miniatures: uint8 [N, SIDE_PX, SIDE_PX].

    Returns:
        Columns `one`, `other` (rows of `miniatures`) and `difference`; the largest difference.
    """
    pairs = candidates.pairs(miniatures)
    different = registration.differences(miniatures, pairs)
    limit = learnt_limit(different)
    found = pd.DataFrame({"one": pairs[:, 0], "other": pairs[:, 1], "difference": different})
    return found[different <= limit].sort_values("difference", kind="stable"), limit


def learnt_limit(different: Floats) -> float:
    """Return the largest difference of a copy, from those of each picture's nearest neighbours."""
    look_alikes = different[different > LEAST_LIMIT]
    if not len(look_alikes):
        return LEAST_LIMIT
    most_alike = _MARGIN * float(np.quantile(look_alikes, _MOST_ALIKE))
    return float(np.clip(most_alike, LEAST_LIMIT, LARGEST_LIMIT))


def first_linked(count: int, *ends: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return for each of `count` rows the first one that links lead to, int64 [count].

    Args:
        count: how many rows there are.
        ends: two columns of rows, one link a row.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    one, other = (np.asarray(end, dtype=np.int64) for end in ends)
    links = coo_array((np.ones(len(one)), (one, other)), shape=(count, count))
    _, parts = connected_components(links, directed=False)
    _, first = np.unique(parts, return_index=True)
    return np.asarray(first[parts])
