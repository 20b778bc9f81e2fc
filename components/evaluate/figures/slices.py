"""Figures of parts of the pictures, and which parts are worse than the rest with evidence.

A part is called worse where its accuracy is below that of the other pictures by a one-sided test
at 5 %, Holm's correction for all parts that were looked at (Holm 1979). Two tests must agree:
Student's on groups left out, since pictures of a group share their fate, and the exact one on
pictures (hypergeometric), which is right where mistakes are few.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit
from scipy.stats import hypergeom

from components.common.artifacts.judging.figures import Metric, Slice
from components.common.statistics.clusters import count_clusters, units
from components.common.statistics.figures import Scored
from components.common.statistics.intervals import estimates, independent, level_interval
from components.common.statistics.jackknife import Jackknifed, jackknife
from components.common.statistics.weighted import Floats, ratio
from components.evaluate.figures.parts import EvidencePart, Mask

Names = npt.NDArray[np.str_]

REPORTED = ("accuracy", "balanced_accuracy", "roc_auc", "average_precision")
EXAMPLES = 6
# What is smaller is shown without a verdict, or not at all.
MIN_PICTURES, MIN_GROUPS = 10, 3
_LEVEL = 0.05


def measure_slices(
    answers: Scored, found: Sequence[EvidencePart], groups: Sequence[str], paths: Sequence[str]
) -> tuple[Slice, ...]:
    """Measure parts and hold each against the pictures that are not in it.

    Args:
        answers: to N pictures.
        found: the parts. Of columns and clusters those with too few pictures are left out.
        groups: N names; pictures of one name count as one piece of evidence.
        paths: N Dataset paths.
    """
    names, files = np.asarray(groups, dtype=np.str_), np.asarray(paths, dtype=np.str_)
    judged = [part for part in found if _enough(part.mask, names) and _enough(~part.mask, names)]
    differences, p_values = _compare(answers, [part.mask for part in judged], names)
    worse = dict(zip((part.name for part in judged), holm(p_values), strict=True))
    difference = dict(zip((part.name for part in judged), differences, strict=True))
    slices = []
    for part in found:
        if part.name not in worse and part.kind in {"column", "cluster"}:
            continue
        own, mine = answers.take(part.mask), names[part.mask].tolist()
        wrong_first = np.argsort(own.targets == own.predicted, kind="stable")[:EXAMPLES]
        slices.append(
            Slice(
                name=part.name,
                kind=part.kind,
                pictures=len(mine),
                groups=count_clusters(mine),
                metrics=estimates(REPORTED, own, mine),
                difference=difference.get(part.name),
                worse=bool(worse.get(part.name, False)),
                examples=tuple(files[part.mask][wrong_first].tolist()),
            )
        )
    return tuple(slices)


def holm(p_values: Sequence[float], *, level: float = _LEVEL) -> list[bool]:
    """Return which hypotheses fall, the chance of any false one among them at most `level`.

    >>> holm([0.03, 0.001, 0.04])
    [False, True, False]
    """
    order, fallen = np.argsort(p_values), [False] * len(p_values)
    for rank, position in enumerate(order):
        if p_values[position] > level / (len(p_values) - rank):
            break
        fallen[position] = True
    return fallen


def _enough(mask: Mask, groups: Names) -> bool:
    pictures = int(mask.sum())
    return pictures >= MIN_PICTURES and count_clusters(groups[mask].tolist()) >= MIN_GROUPS


def _compare(answers: Scored, masks: list[Mask], groups: Names) -> tuple[list[Metric], list[float]]:
    """Return accuracy of each part minus that of the rest, and the one-sided p-value."""
    if not masks:
        return [], []
    right = (answers.targets == answers.predicted).astype(np.float64)
    inside = np.stack(masks, axis=1).astype(np.float64)

    def gaps(weights: Floats) -> Floats:
        part, rest = weights @ inside, weights @ (1.0 - inside)
        hits = weights * right
        return ratio(hits @ inside, part) - ratio(hits @ (1.0 - inside), rest)

    found = jackknife(gaps, groups.tolist(), answers.targets)
    metrics, p_values = [], []
    for position, mask in enumerate(masks):
        metric, p_value = _judge(found, position, answers, mask, groups)
        exact = hypergeom.cdf(right[mask].sum(), len(right), right.sum(), mask.sum())
        metrics.append(metric)
        p_values.append(max(p_value, float(exact)))
    return metrics, p_values


def _judge(
    found: Jackknifed, position: int, answers: Scored, mask: Mask, groups: Names
) -> tuple[Metric, float]:
    value, error = float(found.values[position]), float(found.errors[position])
    sides = [answers.take(mask), answers.take(~mask)]
    resting = [
        independent("accuracy", side, units(groups[where].tolist()))
        for side, where in zip(sides, (mask, ~mask), strict=True)
    ]
    degrees = max(1.0, min(float(found.degrees), *(count - 1.0 for count in resting)))
    if not error > 0.0:
        # All groups alike: the exact test decides, and the interval is that of the exact levels.
        shares = [float((side.targets == side.predicted).mean()) for side in sides]
        (low, high), (rest_low, rest_high) = (
            level_interval(share, 0.0, degrees=degrees, independent=count)
            for share, count in zip(shares, resting, strict=True)
        )
        return Metric(name="accuracy", value=value, low=low - rest_high, high=high - rest_low), 0.0
    reach = float(stdtrit(degrees, 0.975)) * error
    low, high = max(-1.0, value - reach), min(1.0, value + reach)
    p_value = float(stdtr(degrees, value / error))
    return Metric(name="accuracy", value=value, low=low, high=high), p_value
