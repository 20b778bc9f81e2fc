"""Learn, when the reference is made, how drift becomes loss: corrupt, ask the model, compare."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from components.common.artifacts.records import read_record, write_record
from components.common.pictures.corruptions import CORRUPTIONS, corrupt
from components.common.pictures.decode import Pixels
from components.common.progress import track
from components.common.seeding import generator
from components.monitor.harm.correction import Correction
from components.monitor.harm.evidence import evidence_of
from components.monitor.harm.trials import Fault, fit
from components.monitor.observe.observations import Observations

SEVERITIES = (1, 3, 5)
_LEAST_PICTURES = 40

Look = Callable[[int], Pixels]
"""Returns a held-out picture by its row."""
Observe = Callable[[Sequence[Pixels]], Observations]
"""Asks the model about pictures: scores, decisions, features, statistics; the rest is ignored."""


def learn(
    held_out: Observations,
    look: Look,
    observe: Observe,
    *,
    classes: tuple[str, ...],
    pictures: int,
    seed: int,
) -> Correction | None:
    """Learn the correction from corrupted held-out pictures.

    Args:
        held_out: labelled pictures that training has not seen, with the model's scores.
        look: their pixels.
        observe: the exported model and the camera's statistics, together.
        classes: in the scores' order.
        pictures: how many are corrupted, each about thirty times; 0 learns nothing.
        seed: of the choice of pictures and of the corruptions.

    Returns:
        None where there are too few labelled pictures, or nothing is to be learnt.
    """
    usable = (held_out.labels != "") & np.isfinite(held_out.scores).all(axis=1)
    rows = _chosen(held_out, np.flatnonzero(usable), pictures, seed=seed)
    if len(rows) < _LEAST_PICTURES:
        return None
    pixels = [look(int(row)) for row in rows]
    before = held_out.take(rows)
    faults = list(_faults(before, pixels, observe, classes=classes, seed=seed))
    return fit(evidence_of(held_out.take(usable), classes), faults, seed=seed)


def write_correction(path: Path, correction: Correction) -> None:
    """Write `harm.json` of a reference."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_record(path, correction)


def read_correction(path: Path) -> Correction | None:
    """Read what `write_correction` wrote; None where nothing was learnt."""
    return read_record(path, Correction) if path.exists() else None


def _chosen(held_out: Observations, usable: Any, most: int, *, seed: int) -> Any:
    """Return rows, from all groups alike."""
    rng = generator(seed, "harm", "pictures")
    shuffled = rng.permutation(usable)
    groups = held_out.groups[shuffled]
    turn = np.zeros(len(shuffled), dtype=np.int64)
    for name in set(groups):
        turn[groups == name] = np.arange((groups == name).sum())
    return np.sort(shuffled[np.argsort(turn, kind="stable")][:most])


def _faults(
    before: Observations,
    pixels: Sequence[Pixels],
    observe: Observe,
    *,
    classes: tuple[str, ...],
    seed: int,
) -> Iterator[Fault]:
    faults = [(kind, severity) for kind in sorted(CORRUPTIONS) for severity in SEVERITIES]
    for kind, severity in track(faults, "learning what faults cost"):
        spoilt = _spoilt(pixels, kind, severity, seed=seed)
        if all(np.array_equal(a, b) for a, b in zip(spoilt, pixels, strict=True)):
            continue  # no colour cast without colour
        seen = observe(spoilt)
        after = dataclasses.replace(seen, labels=before.labels, groups=before.groups)
        answered = np.isfinite(after.scores).all(axis=1)
        if answered.any():
            yield Fault(
                kind=kind,
                severity=severity,
                before=evidence_of(before.take(answered), classes),
                after=evidence_of(after.take(answered), classes),
            )


def _spoilt(pixels: Sequence[Pixels], kind: str, severity: int, *, seed: int) -> list[Pixels]:
    fixed = CORRUPTIONS[kind].fault in {"dirt", "framing", "colour"}
    spoilt = []
    for number, picture in enumerate(pixels):
        # Noise is new in every picture; dirt and framing stay with the camera.
        own = "" if fixed else str(number)
        rng = generator(seed, "harm", kind, str(severity), own)
        spoilt.append(corrupt(picture, kind=kind, severity=severity, rng=rng))
    return spoilt
