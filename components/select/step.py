"""Measure the finalists, choose one, and pass it on as the candidate."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.records import PROVENANCE, link_tree
from components.common.artifacts.tuning.ranking import LeftOut
from components.common.artifacts.tuning.selection import MeasuredFinalist, Selection, SelectionInfo
from components.common.artifacts.tuning.shortlist import Finalist, NotTrained, Shortlist
from components.common.errors import GraftError
from components.common.report import page
from components.common.report.shown import Shown
from components.common.run_context import RunContext
from components.common.statistics.figures import LABELS
from components.common.step import Step
from components.select.config import SelectConfig
from components.select.plots import trade_off
from components.select.quality_and_cost import costs, qualities
from components.select.winner import choose, pareto_front

LOG = logging.getLogger(__name__)

TEMPLATE = Path(__file__).with_name("report_template.html")


@dataclass(frozen=True, kw_only=True)
class SelectInputs:
    """Candidates (or NotTrained) in the order of the Shortlist; the validated Dataset."""

    candidates: tuple[Path, ...]
    shortlist: Path
    dataset: Path


@dataclass(frozen=True, kw_only=True)
class SelectOutputs:
    """The winner's Candidate, and the Selection with its report."""

    candidate: Path
    selection: Path


def run(
    settings: SelectConfig, inputs: SelectInputs, outputs: SelectOutputs, context: RunContext
) -> str:
    """Write the winner's Candidate and the Selection; return the winner's name.

    Raises:
        GraftError: not one finalist was trained; the message says why of the first.
    """
    shortlist = Shortlist.read(inputs.shortlist).info
    dataset = Dataset.read(inputs.dataset)
    entries = list(zip(shortlist.finalists, inputs.candidates, strict=True))
    failed = [LeftOut(name=one.name, reason=why.reason) for one, root in entries
              if (why := NotTrained.read(root)) is not None]  # fmt: skip
    trained = [(one, Candidate.read(root)) for one, root in entries if not NotTrained.read(root)]
    if not trained:
        raise GraftError(
            "at least one finalist that could be fine-tuned",
            received=f"{failed[0].name}: {failed[0].reason}",
            do="give a larger --budget-min, or look at the step's log",
        )
    measured = _measure(trained, dataset, settings)
    winner, reason = choose(measured, settings)
    info = SelectionInfo(
        metric=settings.metric,
        winner=winner.key,
        reason=reason,
        measured=measured,
        front=tuple(one.key for one in pareto_front(measured)),
        left_out=(*failed, *shortlist.left_out),
    )
    link_tree(next(it.root for one, it in trained if one.key == winner.key), outputs.candidate)
    # The copy gets a provenance of its own, which must not be written into the winner's.
    (outputs.candidate / PROVENANCE).unlink(missing_ok=True)
    record = Selection(outputs.selection, info)
    record.write()
    text = page.render(
        TEMPLATE,
        info=info,
        winner=winner,
        shortlist=shortlist,
        finalists={one.key: one for one in shortlist.finalists},
        metric=LABELS[info.metric],
        ranking_metric=LABELS[shortlist.ranking.metric],
        evidence=dataset.info.evidence,
        groups=int(trained[0][1].held_out()["group"].nunique()),
        plot=trade_off(info),
    )
    record.report_path.write_text(text, encoding="utf-8")
    LOG.info("%s: %s", winner.name, reason)
    return winner.name


def show(outputs: SelectOutputs) -> Shown:
    """Return the winner's figures and the report."""
    selection = Selection.read(outputs.selection)
    winner = selection.info.of(selection.info.winner)
    figures = {
        f"validation_{selection.info.metric}": winner.quality,
        "latency_ms": winner.latency_ms,
        "size_mb": winner.size_mb,
    }
    return Shown(figures=figures, page=selection.report_path)


def _measure(
    trained: Sequence[tuple[Finalist, Candidate]], dataset: Dataset, settings: SelectConfig
) -> tuple[MeasuredFinalist, ...]:
    candidates = [candidate for _, candidate in trained]
    values = qualities(candidates, dataset, settings)
    prices = costs(candidates, pictures=settings.timed_pictures)
    return tuple(
        MeasuredFinalist(
            key=finalist.key,
            name=finalist.name,
            quality=quality,
            noise=noise,
            latency_ms=latency_ms,
            parameters=parameters,
            size_mb=4e-6 * parameters,
        )
        for (finalist, _), (quality, noise), (latency_ms, parameters) in zip(
            trained, values, prices, strict=True
        )
    )


STEP = Step("select", run, show=show)
