"""Turn a Ranking into the Shortlist, and each finalist into the settings of its own tasks."""

import dataclasses
import hashlib
import json
import logging
import re
import time
from pathlib import Path
from typing import Any

from components.common import config
from components.common.artifacts.tuning.ranking import Ranked, Ranking, RankingInfo, Recipe
from components.common.artifacts.tuning.shortlist import (
    Allowance,
    Finalist,
    Shortlist,
    ShortlistInfo,
    is_marked,
)
from components.common.errors import ConfigError, expected
from components.common.run_context import RunContext
from components.plan.config import PlanConfig
from components.plan.within_budget import Contender, choose

LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Base:
    """The run's own settings of augment and train as JSON, of which a finalist changes a few."""

    augment: str
    train: str


def make_shortlist(
    ranking_root: Path, *, out: Path, settings: PlanConfig, run: RunContext, base: Base
) -> list[str]:
    """Write the Shortlist and return one task a finalist, never an empty list.

    Args:
        ranking_root: the Ranking artifact.
        out: the folder to write.
        settings: budget, number of finalists.
        run: names the deadline; a run that has none gets the whole budget from now on.
        base: what the finalists' settings are made from.

    Returns:
        JSON texts with the keys `augment`, `train`, `allowance`, `run`: each again JSON, what
        the tasks of one finalist are called with.

    Raises:
        ConfigError: not even the best candidate fits into the budget.
    """
    ranking = Ranking.read(ranking_root).info
    deadline = run.deadline_unix_s or time.time() + 60.0 * settings.budget_min
    left_s = deadline - time.time()
    tasks = _Tasks(ranking, base)

    def is_finished(ranked: Ranked, recipe: Recipe) -> bool:
        return is_marked(run.cache_dir, tasks.mark(ranked, recipe))

    plan = choose(ranking, settings, left_s=left_s, is_finished=is_finished)
    if not plan.chosen:
        raise _too_little(ranking_root, settings, left_s)
    finalists = tuple(_finalist(number, one) for number, one in enumerate(plan.chosen, start=1))
    info = ShortlistInfo(
        ranking=ranking,
        finalists=finalists,
        left_out=(*plan.left_out, *ranking.left_out),
        budget_min=settings.budget_min,
    )
    Shortlist(out, info).write()
    LOG.info("fine-tuning %s", ", ".join(one.name for one in finalists))
    timed = dataclasses.replace(run, deadline_unix_s=deadline - 60.0 * settings.reserve_min)
    return [
        tasks.task(finalist, choice, timed)
        for finalist, choice in zip(finalists, plan.chosen, strict=True)
    ]


def _too_little(ranking_root: Path, settings: PlanConfig, left_s: float) -> ConfigError:
    cheapest = min(
        recipe.estimate_s
        for ranked in Ranking.read(ranking_root).info.ranked
        for recipe in ranked.recipes
    )
    spent_min = settings.budget_min - left_s / 60
    needed = spent_min + settings.reserve_min + cheapest / 60
    return ConfigError(
        expected(
            "a budget that the best-ranked candidate fits into",
            received=f"{settings.budget_min:g} min, of which {max(left_s, 0.0) / 60:.1f} are left",
            do=f"give --budget-min of {needed:.0f} or more, smaller --sizes or another backbone; "
            "the ranking is kept, so a second run starts from here",
        )
    )


def _finalist(number: int, choice: Contender) -> Finalist:
    ranked, recipe = choice.ranked, choice.recipe
    plain = f"{number}-{ranked.backbone}-{ranked.image_size_px}px-{recipe.method}"
    return Finalist(
        key=re.sub(r"[^A-Za-z0-9_.-]", "_", plain),
        name=choice.name,
        backbone=ranked.backbone,
        method=recipe.method,
        image_size_px=ranked.image_size_px,
        probe_score=ranked.score,
        probe_spread=ranked.spread,
        estimate_s=recipe.estimate_s,
    )


@dataclasses.dataclass(frozen=True)
class _Tasks:
    """Makes the tasks of finalists from the run's own settings."""

    ranking: RankingInfo
    base: Base

    def task(self, finalist: Finalist, choice: Contender, run: RunContext) -> str:
        ranked, recipe = choice.ranked, choice.recipe
        allowance = Allowance(
            estimate_s=recipe.estimate_s,
            deadline_unix_s=run.deadline_unix_s,
            mark=self.mark(ranked, recipe),
        )
        return json.dumps(
            {
                "augment": self._augment(ranked),
                "train": self._train(ranked, recipe),
                "allowance": config.to_json(allowance),
                "run": config.to_json(dataclasses.replace(run, item=finalist.key)),
            }
        )

    def mark(self, ranked: Ranked, recipe: Recipe) -> str:
        parts = [self.ranking.shards_sha256, self._augment(ranked), self._train(ranked, recipe)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _augment(self, ranked: Ranked) -> str:
        return _changed(self.base.augment, image_size_px=ranked.image_size_px)

    def _train(self, ranked: Ranked, recipe: Recipe) -> str:
        return _changed(
            self.base.train,
            backbone=ranked.backbone,
            weights=ranked.weights,
            features=list(ranked.features),
            pooling=ranked.pooling,
            method=recipe.method,
            options=recipe.options,
        )


def _changed(section: str, **changes: Any) -> str:
    """Return a section's JSON with some values replaced, canonical as `config.to_json` writes it.

    The sections belong to other steps, so they are not loaded here; their own step checks them.
    """
    return json.dumps({**json.loads(section), **changes}, sort_keys=True, separators=(",", ":"))
