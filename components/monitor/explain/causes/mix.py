"""The mix: known pictures in other proportions.

The reference is given the window's proportions of classes (estimated from the scores) or of lines
(as logged). If it then moves the way that the window did, the proportions were the cause.
"""

import numpy as np

from components.common.artifacts.monitoring.observations import Texts
from components.common.statistics.label_shift import proportions
from components.monitor.explain.comparison import CauseFinding, Comparison, Figures, Floats

_LEAST_CHANGE = 0.2  # total variation of the proportions
_ALIKE = 0.25  # cosine at which it begins to be believed
_WEIGHT = 3.0
_LONGER = 3.0
_CLIP = 6.0


def find(seen: Comparison) -> tuple[CauseFinding, ...]:
    """Return how well other proportions explain the window."""
    return tuple(found for found in (_classes(seen), _lines(seen)) if found is not None)


def _classes(seen: Comparison) -> CauseFinding | None:
    reference, window = seen.reference, seen.window
    answered = window.whole("scores")
    # Only rows with scores: training pictures may be dealt differently.
    columns = reference.columns[reference.whole("scores")]
    counts = np.bincount(columns[columns >= 0], minlength=len(reference.classes))
    known = window.scores.shape[1] == len(counts)
    if not known or (counts > 0).sum() < 2 or not answered.any():
        return None
    before = counts / counts.sum()
    after = proportions(window.scores[answered], before)
    shares = zip(reference.classes, zip(before, after, strict=True), strict=True)
    return _finding(seen, "classes", reference.labels, dict(shares))


def _lines(seen: Comparison) -> CauseFinding | None:
    before, after = seen.reference.lines, seen.window.lines
    before, after = before[before != ""], after[after != ""]
    if not len(before) or not len(after):
        return None
    names = sorted(set(before) | set(after))
    if not set(after) <= set(before):
        return None  # a line that the reference never saw is a new product, not a new mix
    shares = {
        name: (float((before == name).mean()), float((after == name).mean())) for name in names
    }
    return _finding(seen, "lines", seen.reference.lines, shares)


def _finding(
    seen: Comparison, fault: str, belongs: Texts, shares: dict[str, tuple[float, float]]
) -> CauseFinding | None:
    change = 0.5 * sum(abs(after - before) for before, after in shares.values())
    if change < _LEAST_CHANGE:
        return None
    ratio = {name: after / max(before, 1e-6) for name, (before, after) in shares.items()}
    likeness = _likeness(seen, np.array([ratio.get(str(name), 0.0) for name in belongs]))
    evidence = [
        f"“{name}”: {100 * before:.0f} % in the reference, about {100 * after:.0f} % now."
        for name, (before, after) in shares.items()
    ]
    evidence.append(f"The pictures moved as such a mix would move them: cosine {likeness:.2f}.")
    strength = 1.0 + _WEIGHT * (likeness - _ALIKE) if likeness > _ALIKE else 0.0
    return CauseFinding(fault=fault, strength=strength, evidence=tuple(evidence))


def _likeness(seen: Comparison, weights: Floats) -> float:
    """Return the cosine between the shift seen and the one that the new proportions would give.

    0 where the shift is much longer than that.
    """
    came, expected = [], []
    for figures in (seen.embedding, seen.camera):
        if figures.usable:
            came.append(np.clip(figures.shift, -_CLIP, _CLIP))
            expected.append(np.clip(figures.shift - _weighted(figures, weights), -_CLIP, _CLIP))
    if not came:
        return 0.0
    one, other = np.concatenate(came), np.concatenate(expected)
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    if length == 0 or np.linalg.norm(one) > _LONGER * np.linalg.norm(other):
        return 0.0
    return float(one @ other) / length


def _weighted(figures: Figures, weights: Floats) -> Floats:
    mine = weights[figures.reference_rows]
    if mine.sum() <= 0:
        return figures.shift
    centre = np.average(figures.reference, axis=0, weights=mine)
    return np.asarray((figures.values.mean(axis=0) - centre) / figures.spread)
