"""Explain: camera, product or mix, with the most telling pictures."""

from collections.abc import Collection
from typing import Literal

import numpy as np

from components.common import plugins
from components.common.artifacts.monitoring.drift_report import Detection, Explanation, Telling
from components.monitor.explain.causes.product import nearest_rows
from components.monitor.explain.view import Finding, View, view_of
from components.monitor.observe.observations import Observations

CAUSES = "components.monitor.explain.causes"
TELLING = 10
_BELIEVED = 0.9

Cause = Literal["camera", "product", "mix"]

_ADVICE = {
    "focus": "Clean and refocus the lens, not the model: the pictures are less sharp.",
    "exposure": "Check light, exposure time and gain: brightness or contrast changed, "
    "not the product.",
    "colour": "Set the white balance or replace the lamp: the colours have a cast.",
    "noise": "Check gain, cooling and cable of the camera: the pictures are noisy.",
    "framing": "Align camera and holder: the product lies elsewhere in the picture.",
    "dirt": "Clean the lens, not the model: something dark stays at the same places.",
    "new_look": "The product looks different throughout. If that is meant, label some of the "
    "telling pictures and train again.",
    "novel": "Look at the telling pictures: some resemble nothing known. Label them if they "
    "are to stay.",
    "classes": "The classes come in other proportions. Ask production; the model needs no repair.",
    "lines": "The lines deliver in other proportions. Ask production; the model needs no repair.",
}
_QUIET = "Nothing unusual was measured."
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
    view = view_of(window, reference)
    findings = _findings(view)
    telling = _telling(view, kept)
    if not findings or findings[0].finding.strength < _BELIEVED:
        return Explanation(
            family="unknown", fault="", confidence=0.0, advice=_UNKNOWN, telling=telling
        )
    best = findings[0]
    return Explanation(
        family=best.family,
        fault=best.finding.fault,
        confidence=_confidence(findings),
        advice=_ADVICE.get(best.finding.fault, _UNKNOWN),
        evidence=best.finding.evidence,
        telling=telling,
    )


class _Named:
    """A finding with the family it belongs to."""

    def __init__(self, family: Cause, finding: Finding) -> None:
        self.family: Cause = family
        self.finding = finding


def _findings(view: View) -> list[_Named]:
    """Return all findings, the strongest first."""
    found: list[_Named] = []
    families: tuple[Cause, ...] = ("camera", "mix", "product")
    for family in families:
        for finding in plugins.load(CAUSES, family).find(view):
            found.append(_Named(family, finding))
    return sorted(found, key=lambda one: -one.finding.strength)


def _confidence(findings: list[_Named]) -> float:
    """Return the best strength as a share of the best two."""
    best = findings[0].finding.strength
    second = max((one.finding.strength for one in findings[1:]), default=0.0)
    return float(best / (best + max(second, 0.0)))


def _telling(view: View, kept: Collection[str]) -> tuple[Telling, ...]:
    """Return the pictures farthest from all of the reference, each with its nearest there."""
    table = view.embedding if view.embedding.usable else view.look
    if not table.usable:
        return ()
    places, distances = nearest_rows(table)
    order = np.argsort(-distances, kind="stable")
    shown = [row for row in order if view.window.sha256[table.rows[row]] in kept]
    return tuple(
        Telling(
            picture=str(view.window.sha256[table.rows[row]]),
            nearest=str(view.reference.sha256[table.reference_rows[places[row]]]),
            score=float(distances[row]),
        )
        for row in (shown or order)[:TELLING]
    )
