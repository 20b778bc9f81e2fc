"""The mix: known pictures in other proportions.

The reference is given the window's proportions of classes (by expectation maximisation on the
scores: Saerens, Latinne and Decaestecker 2002) or of lines (as logged). If it then
moves the way that the window did, the proportions were the cause.
"""

import numpy as np
import numpy.typing as npt

from components.monitor.explain.view import Finding, Floats, Table, View
from components.monitor.observe.observations import Texts

_ROUNDS = 100
_LEAST_CHANGE = 0.2  # total variation of the proportions
_ALIKE = 0.25  # cosine at which it begins to be believed
_WEIGHT = 3.0
_LONGER = 3.0
_CLIP = 6.0


def find(view: View) -> tuple[Finding, ...]:
    """Return how well other proportions explain the window."""
    found = []
    classes = _classes(view)
    if classes is not None:
        found.append(classes)
    lines = _lines(view)
    if lines is not None:
        found.append(lines)
    return tuple(found)


def _classes(view: View) -> Finding | None:
    labels, scores = view.reference.labels, view.window.scores
    answered = np.isfinite(scores).all(axis=1)
    # Only rows with scores: training pictures may be dealt differently.
    known = (labels != "") & np.isfinite(view.reference.scores).all(axis=1)
    names = sorted(set(labels[known]))
    order = _score_order(view, known)
    if len(names) < 2 or not answered.any() or order is None:
        return None
    before = np.array([(labels[known] == name).mean() for name in order])
    after = _proportions(scores[answered].astype(np.float64), before)
    return _finding(
        view, "classes", labels, dict(zip(order, zip(before, after, strict=True), strict=True))
    )


def _score_order(view: View, known: npt.NDArray[np.bool_]) -> list[str] | None:
    """Return the class of each score: the one whose pictures it is highest for."""
    labels, scores = view.reference.labels[known], view.reference.scores[known]
    names = sorted(set(labels))
    if not names or scores.shape[1] != len(names):
        return None
    means = np.stack([scores[labels == name].mean(axis=0) for name in names])
    lift = means - means.mean(axis=0)
    columns = lift.argmax(axis=0)
    return [names[place] for place in columns] if len(set(columns)) == len(names) else None


def _proportions(scores: Floats, before: Floats) -> Floats:
    now = before.copy()
    for _ in range(_ROUNDS):
        posterior = scores * (now / before)
        posterior /= np.maximum(posterior.sum(axis=1, keepdims=True), 1e-12)
        now = posterior.mean(axis=0)
    return np.asarray(now)


def _lines(view: View) -> Finding | None:
    before, after = view.reference.lines, view.window.lines
    before, after = before[before != ""], after[after != ""]
    if not len(before) or not len(after):
        return None
    names = sorted(set(before) | set(after))
    if not set(after) <= set(before):
        return None  # a line that the reference never saw is a new product, not a new mix
    shares = {
        name: (float((before == name).mean()), float((after == name).mean())) for name in names
    }
    return _finding(view, "lines", view.reference.lines, shares)


def _finding(
    view: View, fault: str, belongs: Texts, shares: dict[str, tuple[float, float]]
) -> Finding | None:
    change = 0.5 * sum(abs(after - before) for before, after in shares.values())
    if change < _LEAST_CHANGE:
        return None
    ratio = {name: after / max(before, 1e-6) for name, (before, after) in shares.items()}
    likeness = _likeness(view, np.array([ratio.get(str(name), 0.0) for name in belongs]))
    evidence = [
        f"“{name}”: {100 * before:.0f} % in the reference, about {100 * after:.0f} % now."
        for name, (before, after) in shares.items()
    ]
    evidence.append(f"The pictures moved as such a mix would move them: cosine {likeness:.2f}.")
    strength = 1.0 + _WEIGHT * (likeness - _ALIKE) if likeness > _ALIKE else 0.0
    return Finding(fault=fault, strength=strength, evidence=tuple(evidence))


def _likeness(view: View, weights: Floats) -> float:
    """Return the cosine between the shift seen and the one that the new proportions would give.

    0 where the shift is much longer than that.
    """
    seen, expected = [], []
    for table in (view.embedding, view.look):
        if table.usable:
            seen.append(np.clip(table.shift, -_CLIP, _CLIP))
            expected.append(np.clip(table.shift - _weighted(table, weights), -_CLIP, _CLIP))
    if not seen:
        return 0.0
    one, other = np.concatenate(seen), np.concatenate(expected)
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    if length == 0 or np.linalg.norm(one) > _LONGER * np.linalg.norm(other):
        return 0.0
    return float(one @ other) / length


def _weighted(table: Table, weights: Floats) -> Floats:
    mine = weights[table.reference_rows]
    if mine.sum() <= 0:
        return table.shift
    centre = np.average(table.reference, axis=0, weights=mine)
    return np.asarray((table.values.mean(axis=0) - centre) / table.spread)
