"""Simulate: prepare, live, draw."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from components.common import config
from pipelines.config import TrainingRun
from pipelines.simulate.prepare import prepare
from pipelines.simulate.timeline import timeline
from pipelines.simulate.year import Lived

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
        after: gets each week as it ends.
    """
    out.mkdir(parents=True, exist_ok=True)
    year = prepare(settings, out=out, a_week=pictures, labels_a_week=labels)
    lived = year.live(weeks, after=after)
    (out / WEEKS).write_text(json.dumps([_plain(one) for one in lived], indent=1) + "\n")
    (out / TIMELINE).write_bytes(timeline(lived))
    return out / TIMELINE


def _plain(one: Lived) -> Any:
    # The pictures of a simulation are kept nowhere, so that the telling ones say nothing.
    short = dataclasses.replace(one.explanation, telling=())
    return json.loads(config.to_json(dataclasses.replace(one, explanation=short)))
