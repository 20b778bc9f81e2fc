"""Where the groups stand among the reference's by what the model answers: one look, and several.

Black box shift detection (Lipton, Wang and Smola 2018: compare a classifier's outputs) by rank
sums of whole groups (see `ridits`): the error of both sides is known, so that rates far below one
in as many groups as the reference has are kept without extrapolation.

* `answer_ranks`: the mean ridit of the window's groups, for the class that rose most (where one
  falls, another rises).
* `answers_over_looks`: the largest mean, of capped ridits, over the new groups
  of the last k looks, in its own deviations, for any k from 2 and any class: a window-limited
  generalised likelihood ratio (Lai, "Sequential Changepoint Detection in Quality Control and
  Dynamical Systems", 1995). A small change shows by lasting. The threshold knows the error of the
  reference, which all looks share: without it, the longer one sums, the less is the rate kept.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.common.artifacts.monitoring.drift_report import Detection
from components.common.artifacts.monitoring.observations import Observations
from components.common.seeding import generator
from components.monitor.detect.config import DetectConfig
from components.monitor.detect.contract import Design
from components.monitor.detect.null_windows import groups_of
from components.monitor.detect.ridits import ALL, RISES, Cap, Ridits
from components.monitor.observe.scaling import Table

RANKS, OVER_LOOKS = "answer_ranks", "answers_over_looks"
_SIMULATIONS = 20_000
_LEAST_GROUPS = 10


@dataclass(frozen=True, kw_only=True)
class LookEvidence:
    """What the model answered about the pictures that one look was the first to see.

    since_unix_s, until_unix_s: the pictures' times, the first excluded, the last included.
    groups: how many groups they name; pictures, where each may come from anywhere.
    rises: sum of their capped ridits, a class.
    """

    since_unix_s: float
    until_unix_s: float
    groups: int
    rises: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class AnswerRanks:
    """What the ranks say, what this look adds to the next ones, and the false alarms not used."""

    detections: tuple[Detection, ...]
    evidence: LookEvidence | None
    rate_left: float


def answer_ranks(
    window: Observations,
    reference: Observations,
    past: Sequence[LookEvidence],
    *,
    settings: DetectConfig,
    seed: int,
) -> AnswerRanks:
    """Judge what the model answered in this look, and in the last ones together.

    Half of the false alarms allowed are for the ranks; where there are looks to sum, half of these
    for the window and half for the sum. All are left for the detectors where nothing can be ranked:
    pictures without a group, for a mix of unknown modules is not like one of the reference's.

    Args:
        window: what production sent; pictures that an earlier look has summed count once.
        reference: of the version.
        past: of the version's earlier looks, oldest first.
        settings: the rate, and how many looks count.
        seed: of the simulation.
    """
    independent = settings.windows == "independent"
    known, seen = (_ranked(side, independent) for side in (reference, window))
    same_classes = window.scores.shape[1] == reference.scores.shape[1]
    enough = _count(known, independent) >= _LEAST_GROUPS and len(seen) >= settings.min_pictures
    if not enough or not same_classes:
        return AnswerRanks(detections=(), evidence=None, rate_left=settings.rate)
    rng = generator(seed, "ridits")
    groups = _count(seen, independent)
    ridits = Ridits.of(known, Design(len(seen), groups), rng=rng)
    since = max((one.until_unix_s for one in past), default=0.0)
    evidence = _added(seen, ridits, since, settings)
    together = (*past, evidence)[-settings.looks :] if evidence and settings.looks else ()
    share = settings.rate / (4 if len(together) > 1 else 2)
    sums = [ridits.of_window(seen).sum(axis=0)]
    detections = [_judge(RANKS, [groups], sums, ALL, ridits, rate=share, seed=seed)]
    if len(together) > 1:
        counts = [one.groups for one in together]
        sums = [np.array(one.rises) for one in together]
        detections.append(_judge(OVER_LOOKS, counts, sums, RISES, ridits, rate=share, seed=seed))
    return AnswerRanks(detections=tuple(detections), evidence=evidence, rate_left=settings.rate / 2)


def _ranked(side: Observations, independent: bool) -> Observations:
    return side.take(side.whole("scores") & ((side.groups != "") | independent))


def _count(side: Observations, independent: bool) -> int:
    return len(side) if independent else len(groups_of(side))


def _added(
    seen: Observations, ridits: Ridits, since_unix_s: float, settings: DetectConfig
) -> LookEvidence | None:
    fresh = seen.take(seen.times_unix_s > since_unix_s)
    if len(fresh) < settings.min_pictures:
        return None
    return LookEvidence(
        since_unix_s=since_unix_s,
        until_unix_s=float(fresh.times_unix_s.max()),
        groups=_count(fresh, ridits.independent),
        rises=tuple(RISES.apply(ridits.of_window(fresh)).sum(axis=0).tolist()),
    )


def _judge(
    name: str,
    groups: Sequence[int],
    sums: Sequence[Table],
    cap: Cap,
    ridits: Ridits,
    *,
    rate: float,
    seed: int,
) -> Detection:
    """Return the answer of looks together, the oldest first; of several, of two or more.

    Args:
        name: of the detection.
        groups: of each look.
        sums: of their capped ridits, float64 [classes] each.
        cap: of the ridits.
        ridits: of the reference.
        rate: false alarms a look.
        seed: of the simulation.
    """
    together = np.cumsum(groups[::-1])[:, None]
    risen = np.cumsum(sums[::-1], axis=0) / together - cap.mean
    standard = risen / cap.deviation / ridits.spread(together)
    least = min(2, len(groups))
    statistic = float(standard[least - 1 :].max())
    null = _null(tuple(groups[::-1]), least, ridits.groups, ridits.correlation(cap).tobytes(), seed)
    limit = float(np.quantile(null, 1 - rate))
    above = len(null) - int(np.searchsorted(null, statistic, side="left"))
    unit = "pictures" if ridits.independent else "groups"
    return Detection(
        detector=name,
        channel="scores",
        statistic=statistic,
        threshold=limit,
        p_value=(1 + above) / (1 + len(null)),
        alarm=statistic > limit,
        promise=(
            f"Keeps 1 in {1 / rate:.0f} looks, for {unit} drawn as the {ridits.groups} of the "
            f"reference were; {sum(groups)} {unit} of {len(groups)} "
            f"look{'s' * (len(groups) > 1)} are ranked."
        ),
    )


@functools.lru_cache(maxsize=8)
def _null(
    newest_first: tuple[int, ...], least: int, known: int, correlation: bytes, seed: int
) -> Table:
    """Return the largest of the standardised means without drift, in order, float64 [simulations].

    Means of ridits are close to normal from few groups on: each look's own error, and that of the
    reference, which is the same for all looks. Classes are correlated as in the reference.

    Args:
        newest_first: groups of each look.
        least: so many looks are summed at least.
        known: groups of the reference.
        correlation: float64 [classes, classes].
        seed: of the simulation.
    """
    rng = generator(seed, "null of looks")
    values = np.frombuffer(correlation)
    classes = math.isqrt(len(values))
    sizes, axes = np.linalg.eigh(values.reshape(classes, classes))
    root = axes * np.sqrt(np.maximum(sizes, 0))
    shape = (_SIMULATIONS, classes)
    shared = rng.normal(size=shape) @ root.T / math.sqrt(known)
    sums, together, largest = np.zeros(shape), 0, np.full(_SIMULATIONS, -np.inf)
    for looks, count in enumerate(newest_first, start=1):
        sums += rng.normal(size=shape) @ root.T * math.sqrt(count)
        together += count
        if looks >= least:
            spread = math.sqrt(1 / together + 1 / known)
            largest = np.maximum(largest, (sums / together + shared).max(axis=1) / spread)
    return np.sort(largest)
