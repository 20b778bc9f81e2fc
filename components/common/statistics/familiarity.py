"""How far a picture is from everything that a model was fitted on."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from components.common.statistics.conformal import MOST_FOLDS, lower_bound
from components.common.statistics.weighted import Floats

# Share of ordinary pictures that a model may take for strange ones.
FALSE_ASKING = 0.02

Embeddings = npt.NDArray[np.floating]


def unit(embeddings: Embeddings) -> npt.NDArray[np.float32]:
    """Return the rows at length 1, float32 [N, D]; a row of zeros stays."""
    lengths = np.linalg.norm(embeddings.astype(np.float32), axis=1, keepdims=True)
    scaled: npt.NDArray[np.float32] = embeddings / np.maximum(lengths, np.float32(1e-12))
    return scaled.astype(np.float32)


def distances(embeddings: Embeddings, known: Embeddings) -> Floats:
    """Return each picture's distance to the nearest of the known ones, float64 [N] in [0, 2].

    The distance is 1 - cosine of the embeddings; nearest neighbours find what is unlike the
    training pictures as well as models of their density do (Sun et al. 2022, arXiv:2204.06507).

    Args:
        embeddings: [N, D].
        known: [M, D], M >= 1, rows of length 1.
    """
    nearest = (unit(embeddings) @ known.astype(np.float32).T).max(axis=1)
    return np.asarray(1.0 - nearest, dtype=np.float64)


def farthest_familiar(known: Embeddings, groups: Sequence[str], *, rate: float) -> float:
    """Return the distance beyond which a picture of a new group lies at `rate`.

    Each known picture is measured from the pictures of other groups, as a new group will be.

    Args:
        known: [M, D], rows of length 1.
        groups: M names.
        rate: share of ordinary pictures that may be taken for strange ones, in (0, 1).

    Returns:
        The bound of `lower_bound`; where there are too few pictures for that rate the largest
        distance among them; 2, which nothing exceeds, for a single group.
    """
    names, codes = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    if len(names) < 2:
        return 2.0
    folds = codes % MOST_FOLDS if len(names) > len(known) // 2 else codes
    apart = np.empty(len(known))
    for fold in np.unique(folds):
        mine = folds == fold
        apart[mine] = distances(known[mine], known[~mine])
    bound = -lower_bound(-apart, groups, rate=rate)
    return float(bound) if np.isfinite(bound) else float(apart.max())
