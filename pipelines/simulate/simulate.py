"""From the demo data to a plant, a workshop and labelled pictures; live the weeks, draw them."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from components.augment import step as augment
from components.common import config
from components.common.artifacts.shards import Shards
from components.common.errors import ConfigError
from components.common.run_context import RunContext
from components.common.seeding import generator
from components.ingest import step as ingest
from components.validate import step as validate
from pipelines.config import TrainingRun
from pipelines.simulate.model import Eyes
from pipelines.simulate.plant import Cells, Plant, join
from pipelines.simulate.scenario import Scenario
from pipelines.simulate.timeline import timeline
from pipelines.simulate.versions import Workshop
from pipelines.simulate.year import Lived, Year

TIMELINE, WEEKS = "timeline.png", "weeks.json"
_SPLITS = ("train", "validation", "test")
_TRAINED, _HELD_OUT = 0.35, 0.35


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


def prepare(settings: TrainingRun, *, out: Path, a_week: int, labels_a_week: int) -> Year:
    """Read the demo data, divide them by module and begin the year.

    The known supplier's are the cells of the commoner type (poly), the new supplier's those of the
    other. Of the known modules 35 % are trained on, 35 % are held out, and the plant produces the
    rest and all new ones.

    Args:
        settings: the resolved run, of which ingest, validate, augment and train count.
        out: for what is written on the way.
        a_week: pictures a week.
        labels_a_week: pictures labelled in a week in which people are asked.

    Raises:
        ConfigError: the pictures have not two domains.
    """
    shards = _shards(settings, out)
    cells = _cells(shards)
    known = cells.take(cells.suppliers == "known")
    modules = generator(settings.seed, "simulate").permutation(np.unique(known.groups.astype(str)))
    trained, held = round(_TRAINED * len(modules)), round(_HELD_OUT * len(modules))
    train = known.take(np.isin(known.groups, modules[:trained]))
    held_out = known.take(np.isin(known.groups, modules[trained : trained + held]))
    rest = known.take(np.isin(known.groups, modules[trained + held :]))
    produced = join(rest, cells.take(cells.suppliers == "new"))
    info = shards.info
    return Year(
        plant=Plant(cells=produced, defective=info.positive, a_week=a_week, seed=settings.seed),
        workshop=Workshop(
            eyes=Eyes(settings.train, info.image_size_px),
            classes=info.classes,
            seed=settings.seed,
        ),
        train=train,
        held_out=held_out,
        settings=settings.monitor,
        scenario=Scenario(),
        labels_a_week=labels_a_week,
    )


def _shards(settings: TrainingRun, out: Path) -> Shards:
    context = RunContext(run_id="simulation")
    read = ingest.IngestOutputs(dataset=out / "ingested")
    ingest.run(settings.ingest, ingest.IngestInputs(), read, context)
    split = validate.ValidateOutputs(validated=out / "dataset", report=out / "validation")
    pictures = validate.ValidateInputs(dataset=read.dataset)
    # Split as a first time, whatever serves: the plant deals its modules out by itself.
    first = dataclasses.replace(settings.validate, model_base_path="", evidence="holdout")
    validate.run(first, pictures, split, context)
    arrays = augment.AugmentOutputs(shards=out / "shards")
    augment.run(settings.augment, augment.AugmentInputs(dataset=split.validated), arrays, context)
    return Shards.read(arrays.shards)


def _cells(shards: Shards) -> Cells:
    rows = {name: shards.rows(name) for name in _SPLITS}
    rows = {name: part[part["view"] == 0] for name, part in rows.items()}
    pixels = np.concatenate([shards.pixels(name)[part["row"]] for name, part in rows.items()])
    index = list(rows.values())
    names = np.concatenate([part["domain"].astype(str) for part in index])
    kinds, counts = np.unique(names, return_counts=True)
    if len(kinds) != 2:
        raise ConfigError(
            "pictures of two domains, one for each supplier",
            received=f"{len(kinds)}: {', '.join(kinds)}",
            do="simulate with the demo data: graft simulate",
        )
    labels = np.concatenate([part["target"].to_numpy() for part in index])
    return Cells(
        pixels=pixels,
        labels=np.array([shards.info.classes[int(number)] for number in labels], dtype=object),
        groups=np.concatenate([part["group"].astype(str) for part in index]).astype(object),
        suppliers=np.where(names == kinds[counts.argmax()], "known", "new").astype(object),
        ids=np.arange(len(pixels)),
    )


def _plain(one: Lived) -> Any:
    # The pictures of a simulation are kept nowhere, so that the telling ones say nothing.
    short = dataclasses.replace(one.explanation, telling=())
    return json.loads(config.to_json(dataclasses.replace(one, explanation=short)))
