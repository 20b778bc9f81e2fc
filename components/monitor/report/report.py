"""One HTML page of a drift report."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.monitoring.drift_report import (
    DriftReportInfo,
    Explanation,
    Harm,
    Telling,
    Word,
)
from components.common.artifacts.monitoring.observations import Observations
from components.common.report import page
from components.common.times import utc_minute
from components.monitor.report import plots

TEMPLATE = Path(__file__).with_name("report_template.html")

FindPicture = Callable[[str], bytes | None]
"""Returns the encoded picture of a SHA-256, None when it is no longer kept."""

_VERDICTS: dict[Word, str] = {
    "keep": "Nothing to do.",
    "ask": "A person should look.",
    "fix_camera": "Look after the camera; the model is not at fault.",
    "retrain": "Train again.",
}
_FAMILIES = {
    "none": "Nothing unusual",
    "camera": "The camera",
    "product": "The product",
    "mix": "The mix",
    "unknown": "Cause unknown",
}
_FAULTS = {
    "focus": "out of focus",
    "exposure": "exposure or contrast",
    "colour": "colour cast",
    "noise": "noise",
    "framing": "framing",
    "dirt": "dirt",
    "new_look": "a new look",
    "novel": "novel pictures among known ones",
    "classes": "proportions of the classes",
    "lines": "proportions of the lines",
}


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A telling picture and its nearest; "" where one is no longer kept or no browser shows it."""

    telling: Telling
    picture: str
    nearest: str


def render(
    info: DriftReportInfo,
    *,
    window: Observations | None = None,
    reference: Observations | None = None,
    picture: FindPicture = lambda _: None,
    nearest: FindPicture = lambda _: None,
) -> str:
    """Return the page as HTML text.

    Args:
        info: what is shown.
        window: adds a plot of the picture statistics, together with `reference`.
        reference: what the window is compared with.
        picture: finds a picture of the window.
        nearest: finds a picture of the reference.
    """
    return page.render(
        TEMPLATE,
        info=info,
        verdict=_VERDICTS[info.decision.word],
        cause=cause(info.explanation),
        harm_sentence=harm_sentence(info.harm),
        pairs=[_pair(one, picture, nearest) for one in info.explanation.telling],
        created=utc_minute(info.created_unix_s),
        seen=(utc_minute(info.window.first_unix_s), utc_minute(info.window.last_unix_s)),
        figures=_figures(info, window, reference),
    )


def cause(explanation: Explanation) -> str:
    """Return "The camera: out of focus"."""
    family = _FAMILIES[explanation.family]
    fault = _FAULTS.get(explanation.fault, explanation.fault)
    return f"{family}: {fault}" if fault else family


def harm_sentence(harm: Harm | None) -> str:
    """Say what the drift costs, in one sentence."""
    if harm is None:
        return "The window is too small, or the model gave no scores, to estimate a loss."
    accuracy = 100.0 * harm.reference_accuracy
    source = f"{harm.labels} audited labels" if harm.basis == "audit" else "an estimate, no labels"
    return (
        f"Accuracy is about {accuracy - harm.loss_points:.1f} % instead of {accuracy:.1f} %: "
        f"{harm.loss_points:+.1f} points, 90 % interval {harm.low:+.1f} to "
        f"{harm.high:+.1f} ({source}; positive is a loss)."
    )


def _pair(telling: Telling, picture: FindPicture, nearest: FindPicture) -> Pair:
    return Pair(
        telling=telling,
        picture=page.data_uri(picture(telling.picture)) if telling.picture else "",
        nearest=page.data_uri(nearest(telling.nearest)) if telling.nearest else "",
    )


def _figures(
    info: DriftReportInfo, window: Observations | None, reference: Observations | None
) -> dict[str, str]:
    drawn = {
        "detectors": plots.detectors(info.detections),
        "harm": plots.harm(info.harm),
        "statistics": plots.statistics(window, reference),
    }
    return {name: page.data_uri(png) for name, png in drawn.items()}
