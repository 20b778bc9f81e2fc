"""One HTML page of a drift report."""

from collections.abc import Callable
from pathlib import Path

from components.common.artifacts.monitoring.drift_report import DriftReportInfo, Harm, Word
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
    "blind": "The monitor sees nothing.",
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
    "light": "uneven light",
    "sensor": "broken lines or pixels",
    "compression": "compression",
    "new_look": "a new look",
    "novel": "novel pictures among known ones",
    "classes": "proportions of the classes",
    "lines": "proportions of the lines",
}


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
    family = _FAMILIES[info.explanation.family]
    fault = _FAULTS.get(info.explanation.fault, info.explanation.fault)
    figures = {
        "detectors": plots.detectors(info.detections),
        "harm": plots.harm(info.harm),
        "statistics": plots.statistics(window, reference),
    }
    return page.render(
        TEMPLATE,
        info=info,
        verdict=_VERDICTS[info.decision.word],
        cause=f"{family}: {fault}" if fault else family,
        harm_sentence=harm_sentence(info.harm),
        pairs=[
            {
                "telling": one,
                # "" where one is no longer kept or no browser shows it.
                "picture": page.data_uri(picture(one.picture)) if one.picture else "",
                "nearest": page.data_uri(nearest(one.nearest)) if one.nearest else "",
            }
            for one in info.explanation.telling
        ],
        created=utc_minute(info.created_unix_s),
        seen=(utc_minute(info.window.first_unix_s), utc_minute(info.window.last_unix_s)),
        figures={name: page.data_uri(png) for name, png in figures.items()},
    )


def harm_sentence(harm: Harm | None) -> str:
    """Say what the drift costs, in one sentence."""
    if harm is None:
        return "The window is too small, or the model gave no scores, to judge a loss."
    accuracy = 100.0 * harm.reference_accuracy
    verdict = harm.verdict.capitalize()
    if harm.basis == "audit":
        return (
            f"{verdict}. Accuracy is about {accuracy - harm.loss_points:.1f} % instead of "
            f"{accuracy:.1f} %: {harm.loss_points:+.1f} points, 90 % interval {harm.low:+.1f} to "
            f"{harm.high:+.1f} ({harm.labels} audited labels; positive is a loss)."
        )
    return (
        f"{verdict}, judged without labels: if the classes come as they used to, the shares of "
        f"the model's decisions cost {harm.loss_points:+.1f} points ({harm.low:+.1f} to "
        f"{harm.high:+.1f} as groups differ). A fault that mixes classes up without moving the "
        "shares does not show here; `graft audit` measures."
    )
