"""Simulate: prepare, live, draw."""

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from components.common import config
from pipelines.config import TrainingRun
from pipelines.simulate.prepare import prepare
from pipelines.simulate.scenario import Scenario
from pipelines.simulate.timeline import timeline
from pipelines.simulate.year import Lived, Year

TIMELINE, WEEKS = "timeline.png", "weeks.json"


def simulate(
    settings: TrainingRun,
    *,
    out: Path,
    weeks: int,
    pictures: int,
    labels: int,
    after: Callable[[Lived], None],
) -> Path:
    """Live through the weeks and return the path of the timeline's picture.

    Args:
        settings: the resolved run.
        out: gets `timeline.png`, `weeks.json` and the pictures as prepared.
        weeks, pictures: how many, and how many a week.
        labels: pictures labelled in a week in which people are asked.
        after: told each week as it ends.
    """
    out.mkdir(parents=True, exist_ok=True)
    beginning = prepare(settings, out=out, a_week=pictures)
    year = Year(
        plant=beginning.plant,
        workshop=beginning.workshop,
        stock=beginning.stock,
        settings=settings.monitor,
        scenario=Scenario(),
        labels_a_week=labels,
    )
    lived = year.live(weeks, after=after)
    (out / WEEKS).write_text(json.dumps(_plain(lived), indent=1) + "\n")
    (out / TIMELINE).write_bytes(timeline(lived))
    return out / TIMELINE


def _plain(weeks: Sequence[Lived]) -> list[Any]:
    rows = [dataclasses.replace(one, explanation=_short(one)) for one in weeks]
    return [json.loads(config.to_json(row)) for row in rows]


def _short(one: Lived) -> Any:
    # The telling pictures are known by their digests only; here they say nothing.
    return dataclasses.replace(one.explanation, telling=())
