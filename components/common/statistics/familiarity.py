"""How far a picture is from everything that a model was fitted on."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from components.common.statistics.weighted import Floats

_BEYOND, _MOST_BEYOND = 0.01, 5

Embeddings = npt.NDArray[np.floating]


def unit(embeddings: Embeddings) -> npt.NDArray[np.float32]:
    """Return directions, float32 [N, D]: the root of each feature, rows at length 1.

    The root keeps a few large features from deciding alone (power normalisation, Perronnin et al.
    2010, ECCV). A row of zeros stays.
    """
    found = embeddings.astype(np.float32)
    rooted = np.sign(found) * np.sqrt(np.abs(found))
    lengths = np.linalg.norm(rooted, axis=1, keepdims=True)
    directions: npt.NDArray[np.float32] = rooted / np.maximum(lengths, np.float32(1e-12))
    return directions


def over_places(embeddings: Embeddings, *, width: int) -> Embeddings:
    """Return the mean over the places of a map, [N, width].

    Args:
        embeddings: [N, places * width]; of one place they stay as they are.
        width: channels.
    """
    count, whole = embeddings.shape
    if whole == width:
        return embeddings
    pooled: Embeddings = embeddings.reshape(count, whole // width, width).mean(axis=1)
    return pooled


def distances(embeddings: Embeddings, known: Embeddings) -> Floats:
    """Return each picture's distance to the nearest of the known ones, float64 [N] in [0, 2].

    The distance is 1 - cosine of their directions: to the nearest neighbour, as Sun et al. 2022
    (arXiv:2204.06507) tell strange pictures. `python -m benchmarks.familiarity` measures how well.

    Args:
        embeddings: [N, D].
        known: [M, D], M >= 1, as `unit` gives them.
    """
    cosines = unit(embeddings) @ known.astype(np.float32).T
    return np.asarray(1.0 - cosines.max(axis=1), dtype=np.float64)


def farthest_familiar(known: Embeddings, groups: Sequence[str]) -> float:
    """Return the distance beyond which a picture is strange.

    Each known picture is measured from the pictures of other groups, as a new group will be. The
    bound is that of a prediction interval for the farthest picture of a new group, mean + t * sd *
    sqrt(1 + 1 / groups) of the groups' largest distances: one of 99 % where each picture is its own
    group, down to 95 % where groups have five pictures and more, since then hardly more than the
    farthest one lies beyond. A quantile of all pictures' distances took whole new groups for
    strange where groups were few.

    Args:
        known: [M, D], as `unit` gives them; M x M numbers are held.
        groups: M names.

    Returns:
        A distance; 2, which nothing exceeds, for a single group.
    """
    from scipy.stats import t

    names, codes = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    if len(names) < 2:
        return 2.0
    cosines = known.astype(np.float32) @ known.astype(np.float32).T
    cosines[codes[:, None] == codes] = -1.0
    apart = 1.0 - cosines.max(axis=1).astype(np.float64)
    largest = [apart[codes == group].max() for group in range(len(names))]
    beyond = _BEYOND * min(len(known) / len(names), _MOST_BEYOND)
    margin = t.ppf(1 - beyond, len(names) - 1) * np.sqrt(1 + 1 / len(names))
    return float(np.mean(largest) + margin * np.std(largest, ddof=1))
