"""Learn how drift becomes loss: corrupt held-out pictures, ask the model, compare."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from components.common.artifacts.monitoring.observations import Observations
from components.common.pictures.corruptions import CORRUPTIONS, corrupt
from components.common.pictures.decode import Pixels
from components.common.progress import track
from components.common.seeding import generator
from components.monitor.harm.correction import Correction
from components.monitor.harm.evidence import evidence_of
from components.monitor.harm.trials import Fault, fit

SEVERITIES = (1, 3, 5)

Observe = Callable[[Sequence[Pixels]], Observations]
"""Asks the model about pictures: scores, decisions, features, statistics; the rest is ignored."""


def learn(
    known: Observations, pictures: Mapping[int, Pixels], observe: Observe, *, seed: int
) -> Correction | None:
    """Learn the correction from corrupted held-out pictures.

    Args:
        known: the reference: pictures that training has not seen have the model's scores.
        pictures: those that are corrupted, each about thirty times, by their rows in `known`.
        observe: the exported model and the camera's statistics, together.
        seed: of the corruptions and of the trials.

    Returns:
        None without pictures.
    """
    if not pictures:
        return None
    before = known.take(np.array(list(pictures)))
    faults = list(_faults(before, list(pictures.values()), observe, seed=seed))
    labelled = known.take((known.labels != "") & known.whole("scores"))
    return fit(evidence_of(labelled), faults, seed=seed)


def _faults(
    before: Observations, pixels: Sequence[Pixels], observe: Observe, *, seed: int
) -> Iterator[Fault]:
    faults = [(kind, severity) for kind in sorted(CORRUPTIONS) for severity in SEVERITIES]
    for kind, severity in track(faults, "learning what faults cost"):
        damaged = _corrupted(pixels, kind, severity, seed=seed)
        if all(np.array_equal(a, b) for a, b in zip(damaged, pixels, strict=True)):
            continue  # no colour cast without colour
        seen = observe(damaged)
        after = dataclasses.replace(seen, labels=before.labels, groups=before.groups)
        answered = after.whole("scores")
        if answered.any():
            yield Fault(
                kind=kind,
                severity=severity,
                before=evidence_of(before.take(answered)),
                after=evidence_of(after.take(answered)),
            )


def _corrupted(pixels: Sequence[Pixels], kind: str, severity: int, *, seed: int) -> list[Pixels]:
    fixed = CORRUPTIONS[kind].fault in {"dirt", "framing", "colour"}
    damaged = []
    for number, picture in enumerate(pixels):
        # Noise is new in every picture; dirt and framing stay with the camera.
        own = "" if fixed else str(number)
        rng = generator(seed, "harm", kind, str(severity), own)
        damaged.append(corrupt(picture, kind=kind, severity=severity, rng=rng))
    return damaged
