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
from components.common.errors import ConfigError
from components.common.run_context import RunContext
from components.common.step import Step
from components.plan.config import PlanConfig
from components.plan.within_budget import Contender, choose

LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlanInputs:
    """The Ranking, and the run's own sections of augment and train; a finalist changes a few.

    These belong to other steps, so they stay plain data here; their own steps check them.
    """

    ranking: Path
    augment: dict[str, Any]
    train: dict[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlanOutputs:
    """The Shortlist."""

    shortlist: Path


def run(
    settings: PlanConfig, inputs: PlanInputs, outputs: PlanOutputs, context: RunContext
) -> list[dict[str, Any]]:
    """Write the Shortlist and return one task a finalist, never an empty list.

    A run whose context names no deadline gets the whole budget from now on.

    Returns:
        `augment`, `train`, `allowance` and `run` of each finalist: sections that its tasks are
        called with.

    Raises:
        ConfigError: not even the best candidate fits into the budget.
    """
    ranking = Ranking.read(inputs.ranking).info
    deadline = context.deadline_unix_s or time.time() + 60.0 * settings.budget_min
    left_s = deadline - time.time()
    tasks = _Tasks(ranking, inputs)

    def is_finished(ranked: Ranked, recipe: Recipe) -> bool:
        return is_marked(context.cache_dir, tasks.mark(ranked, recipe))

    plan = choose(ranking, settings, left_s=left_s, is_finished=is_finished)
    if not plan.chosen:
        raise _too_little(ranking, settings, left_s)
    finalists = tuple(_finalist(number, one) for number, one in enumerate(plan.chosen, start=1))
    info = ShortlistInfo(
        ranking=ranking,
        finalists=finalists,
        left_out=(*plan.left_out, *ranking.left_out),
        budget_min=settings.budget_min,
    )
    Shortlist(outputs.shortlist, info).write()
    LOG.info("fine-tuning %s", ", ".join(one.name for one in finalists))
    timed = dataclasses.replace(context, deadline_unix_s=deadline - 60.0 * settings.reserve_min)
    return [
        tasks.task(finalist, contender, timed)
        for finalist, contender in zip(finalists, plan.chosen, strict=True)
    ]


def _too_little(ranking: RankingInfo, settings: PlanConfig, left_s: float) -> ConfigError:
    cheapest = min(recipe.estimate_s for ranked in ranking.ranked for recipe in ranked.recipes)
    spent_min = settings.budget_min - left_s / 60
    needed = spent_min + settings.reserve_min + cheapest / 60
    return ConfigError(
        "a budget that the best-ranked candidate fits into",
        received=f"{settings.budget_min:g} min, of which {max(left_s, 0.0) / 60:.1f} are left",
        do=f"give --budget-min of {needed:.0f} or more, smaller --sizes or another backbone; "
        "the ranking is kept, so a second run starts from here",
    )


def _finalist(number: int, contender: Contender) -> Finalist:
    ranked, recipe = contender.ranked, contender.recipe
    plain = f"{number}-{ranked.backbone}-{ranked.image_size_px}px-{recipe.method}"
    return Finalist(
        key=re.sub(r"[^A-Za-z0-9_.-]", "_", plain),
        name=contender.name,
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
    base: PlanInputs

    def task(self, finalist: Finalist, contender: Contender, run: RunContext) -> dict[str, Any]:
        ranked, recipe = contender.ranked, contender.recipe
        allowance = Allowance(
            estimate_s=recipe.estimate_s,
            deadline_unix_s=run.deadline_unix_s,
            mark=self.mark(ranked, recipe),
        )
        return {
            "augment": self._augment(ranked),
            "train": self._train(ranked, recipe),
            "allowance": config.to_plain(allowance),
            "run": config.to_plain(dataclasses.replace(run, item=finalist.key)),
        }

    def mark(self, ranked: Ranked, recipe: Recipe) -> str:
        parts = [self.ranking.shards_sha256, self._augment(ranked), self._train(ranked, recipe)]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _augment(self, ranked: Ranked) -> dict[str, Any]:
        return self.base.augment | {"image_size_px": ranked.image_size_px}

    def _train(self, ranked: Ranked, recipe: Recipe) -> dict[str, Any]:
        return self.base.train | {
            "backbone": ranked.backbone,
            "weights": ranked.weights,
            "features": list(ranked.features),
            "pooling": ranked.pooling,
            "method": recipe.method,
            "options": recipe.options,
        }


STEP = Step("plan", run)
