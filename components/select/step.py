"""Measure the finalists, choose one, and pass it on as the candidate."""

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.records import PROVENANCE, link_tree
from components.common.artifacts.tuning.ranking import LeftOut
from components.common.artifacts.tuning.selection import Measured, Selection, SelectionInfo
from components.common.artifacts.tuning.shortlist import Finalist, NotTrained, Shortlist
from components.common.errors import GraftError, expected
from components.select.config import SelectConfig
from components.select.quality_and_cost import costs, qualities
from components.select.report import render
from components.select.winner import choose, pareto_front

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inputs:
    """The artifacts that a selection reads; `candidates` in the order of the shortlist."""

    candidates: Sequence[Path]
    shortlist: Path
    dataset: Path


def select(inputs: Inputs, *, candidate: Path, selection: Path, settings: SelectConfig) -> str:
    """Write the winner's Candidate and the Selection; return the winner's name.

    Args:
        inputs: Candidates (or NotTrained), Shortlist, validated Dataset.
        candidate: becomes the winner.
        selection: becomes the Selection, with its report.
        settings: the rule's tolerances.

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
        raise _nothing(failed)
    measured = _measure(trained, dataset, settings)
    chosen = choose(measured, settings)
    info = SelectionInfo(
        metric=settings.metric,
        winner=chosen.winner.key,
        reason=chosen.reason,
        measured=measured,
        front=tuple(one.key for one in pareto_front(measured)),
        left_out=(*failed, *shortlist.left_out),
    )
    _pass_on(next(found for one, found in trained if one.key == info.winner), candidate)
    record = Selection(selection, info)
    record.write()
    page = render(info, shortlist, groups=_groups(dataset))
    record.report_path.write_text(page, encoding="utf-8")
    LOG.info("%s: %s", chosen.winner.name, chosen.reason)
    return chosen.winner.name


def publish(root: Path, *, report: Path) -> dict[str, float]:
    """Copy the report to where a dashboard looks for it and return the winner's figures."""
    selection = Selection.read(root)
    report.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(selection.report_path, report)
    winner = selection.info.of(selection.info.winner)
    return {
        f"validation_{selection.info.metric}": winner.quality,
        "latency_ms": winner.latency_ms,
        "size_mb": winner.size_mb,
    }


def _measure(
    trained: Sequence[tuple[Finalist, Candidate]], dataset: Dataset, settings: SelectConfig
) -> tuple[Measured, ...]:
    candidates = [candidate for _, candidate in trained]
    values = qualities(candidates, dataset, settings)
    prices = costs(candidates, pictures=settings.timed_pictures)
    return tuple(
        Measured(
            key=finalist.key,
            name=finalist.name,
            quality=value.value,
            noise=value.noise,
            latency_ms=price.latency_ms,
            parameters=price.parameters,
            size_mb=price.size_mb,
        )
        for (finalist, _), value, price in zip(trained, values, prices, strict=True)
    )


def _pass_on(winner: Candidate, target: Path) -> None:
    link_tree(winner.root, target)
    # The copy gets a provenance of its own, which must not be written into the winner's.
    (target / PROVENANCE).unlink(missing_ok=True)


def _groups(dataset: Dataset) -> int:
    return int(dataset.split("validation")["group"].nunique())


def _nothing(failed: Sequence[LeftOut]) -> GraftError:
    return GraftError(
        expected(
            "at least one finalist that could be fine-tuned",
            received=f"{failed[0].name}: {failed[0].reason}",
            do="give a larger --budget-min, or look at the step's log",
        )
    )
