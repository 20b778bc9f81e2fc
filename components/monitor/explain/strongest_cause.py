"""Why a window differs: camera, product or mix, with the most telling pictures."""

from collections.abc import Collection
from typing import Literal

import numpy as np

from components.common import plugins
from components.common.artifacts.monitoring.drift_report import Detection, Explanation, Telling
from components.common.artifacts.monitoring.observations import Observations
from components.monitor.explain.comparison import CauseFinding, Comparison

CAUSES = "components.monitor.explain.causes"
TELLING = 10
_BELIEVED = 0.9
_NEAR = 0.75  # of the strongest fault: another one as strong leaves open which it is

Cause = Literal["camera", "product", "mix"]

_ADVICE = {
    "focus": "Clean and refocus the lens, not the model: the pictures are less sharp.",
    "exposure": "Check light, exposure time and gain: brightness or contrast changed, "
    "not the product.",
    "colour": "Set the white balance or replace the lamp: the colours have a cast.",
    "noise": "Check gain, cooling and cable of the camera: the pictures are noisy.",
    "framing": "Align camera and holder: the product lies elsewhere in the picture.",
    "dirt": "Clean the lens, not the model: something dark stays at the same places.",
    "light": "Look at the light: a bright spot or a dark border stays at the same place.",
    "sensor": "Look at sensor and cable: single lines or pixels are broken.",
    "compression": "Look at what stores or sends the pictures: they are compressed harder.",
    "new_look": "The product looks different throughout. If that is meant, label some of the "
    "telling pictures and train again.",
    "novel": "Look at the telling pictures: some resemble nothing known. Label them if they "
    "are to stay.",
    "classes": "The classes come in other proportions. Ask production; the model needs no repair.",
    "lines": "The lines deliver in other proportions. Ask production; the model needs no repair.",
}
_QUIET = "Nothing unusual was measured."
_CAMERA = (
    "Look at the camera: lens, light, cable, holder. Which fault it is the figures do not say."
)
_UNKNOWN = "Something changed that no known cause explains. A person should look at the pictures."


def explain(
    window: Observations,
    reference: Observations,
    detections: tuple[Detection, ...],
    *,
    asked: bool = False,
    kept: Collection[str] = (),
) -> Explanation:
    """Return why a window differs from the reference; the family "none" when nothing alarmed.

    Rows without statistics, embeddings or scores are left out where those are needed; a cause
    that cannot be looked at is not named.

    Args:
        window: what production sent.
        reference: what the version was made for; labels and lines help where known.
        detections: of the same window.
        asked: look for a cause without an alarm, too: a loss was measured.
        kept: digests of the pictures that can still be shown; of these are the telling ones, if
            there is any.
    """
    if not asked and not any(detection.alarm for detection in detections):
        return Explanation(family="none", fault="", confidence=1.0, advice=_QUIET)
    seen = Comparison.of(window, reference)
    findings = _findings(seen)
    telling = _telling(seen, kept)
    if not findings or findings[0][1].strength < _BELIEVED:
        return Explanation(
            family="unknown", fault="", confidence=0.0, advice=_UNKNOWN, telling=telling
        )
    family, best = findings[0]
    others = max((one.strength for other, one in findings if other != family), default=0.0)
    next_fault = max((one.strength for other, one in findings[1:] if other == family), default=0.0)
    # What to do differs by family; within the camera a wrong name sends people to a wrong place.
    unclear = family == "camera" and next_fault > _NEAR * best.strength
    return Explanation(
        family=family,
        fault="" if unclear else best.fault,
        confidence=best.strength / (best.strength + max(others, 0.0)),
        advice=_CAMERA if unclear else _ADVICE[best.fault],
        evidence=best.evidence,
        telling=telling,
    )


def _findings(seen: Comparison) -> list[tuple[Cause, CauseFinding]]:
    """Return what each family found, the strongest first."""
    families: tuple[Cause, ...] = ("camera", "mix", "product")
    found = [(one, finding) for one in families for finding in plugins.load(CAUSES, one).find(seen)]
    return sorted(found, key=lambda pair: -pair[1].strength)


def _telling(seen: Comparison, kept: Collection[str]) -> tuple[Telling, ...]:
    """Return the pictures farthest from all of the reference, each with its nearest there."""
    from scipy.spatial import cKDTree

    figures = seen.tells_pictures_apart
    if not figures.usable:
        return ()
    tree = cKDTree(figures.reference / figures.spread)
    distances, places = tree.query(figures.values / figures.spread)
    order = np.argsort(-distances, kind="stable")
    shown = [row for row in order if seen.window.sha256[figures.rows[row]] in kept]
    return tuple(
        Telling(
            picture=str(seen.window.sha256[figures.rows[row]]),
            nearest=str(seen.reference.sha256[figures.reference_rows[places[row]]]),
            score=float(distances[row]),
        )
        for row in (shown or order)[:TELLING]
    )
