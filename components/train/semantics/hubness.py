"""Hubs and gaps: how far attributes and pictures are from saying the same.

A hub is a class that is among the nearest ones of far too many pictures (Radovanovic et al. 2010,
JMLR 11:2487). The measure is the skewness of N_k, how often each class is among the k nearest.
"""

import numpy as np

from components.common.statistics.weighted import Floats

_NEIGHBOURS = 10


def occurrence_skewness(scores: Floats, *, nearest: int = _NEIGHBOURS) -> float:
    """Return the skewness of N_k over the classes; 0 where each class is among them alike often.

    Args:
        scores: float [N, C] of pictures, the larger the nearer.
        nearest: k, below C.
    """
    classes = scores.shape[1]
    among = np.argpartition(-scores, nearest - 1, axis=1)[:, :nearest]
    counts = np.bincount(among.ravel(), minlength=classes).astype(np.float64)
    away = counts - counts.mean()
    spread = float(np.sqrt((away**2).mean()))
    return float((away**3).mean()) / spread**3 if spread else 0.0


def semantic_agreement(means: Floats, signatures: Floats) -> float:
    """Return how alike classes are alike in pictures and in attributes, in [-1, 1].

    The correlation of the cosine similarities of all pairs of classes; low values say that the
    attributes speak of what the features do not show (the semantic gap). NaN with two classes.

    Args:
        means: float [C, D], mean features of the classes, centred.
        signatures: float [C, A], centred.
    """
    pairs = np.triu_indices(len(means), 1)
    seen, said = (_cosines(rows)[pairs] for rows in (means, signatures))
    if len(seen) < 2 or not seen.std() or not said.std():
        return float("nan")
    return float(np.corrcoef(seen, said)[0, 1])


def _cosines(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = rows / np.maximum(lengths, np.finfo(float).tiny)
    found: Floats = unit @ unit.T
    return found
