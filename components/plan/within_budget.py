"""Which ranked candidates fit into the time that is left. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from components.common.artifacts.tuning.ranking import LeftOut, Ranked, RankingInfo, Recipe
from components.plan.config import PlanConfig


@dataclass(frozen=True)
class Contender:
    """A ranked network with one way to fine-tune it.

    finished: an earlier run has trained it, so that it costs nothing now.
    """

    ranked: Ranked
    recipe: Recipe
    finished: bool

    @property
    def name(self) -> str:
        """What a reader calls it."""
        return f"{self.ranked.name}, {self.recipe.method}"


@dataclass(frozen=True)
class BudgetPlan:
    """What is fine-tuned, in the order of the ranking, and what is not."""

    chosen: tuple[Contender, ...]
    left_out: tuple[LeftOut, ...]


def choose(
    ranking: RankingInfo,
    settings: PlanConfig,
    *,
    left_s: float,
    is_finished: Callable[[Ranked, Recipe], bool],
) -> BudgetPlan:
    """Take the best-ranked candidates and drop from the end until the rest fits.

    A network comes with all its methods before the next one; of the sets of feature layers of
    one backbone at one size only the best is taken, so that the finalists differ.

    Args:
        ranking: the best first.
        settings: number of finalists, reserve, parallelism.
        left_s: seconds until the run must be done.
        is_finished: whether an earlier run has trained a candidate, which then costs
            nothing and is never dropped for the budget.
    """
    wanted: list[Contender] = []
    left_out: list[LeftOut] = []
    seen: dict[str, str] = {}
    for ranked in ranking.ranked:
        network = f"{ranked.backbone} {ranked.image_size_px} px"
        if network in seen:
            reason = f"other features of the same network rank higher: {seen[network]}"
            left_out.append(LeftOut(name=ranked.name, reason=reason))
            continue
        seen[network] = ranked.name
        for recipe in ranked.recipes:
            one = Contender(ranked, recipe, is_finished(ranked, recipe))
            if len(wanted) < settings.finalists:
                wanted.append(one)
            else:
                reason = f"ranked below the {settings.finalists} finalists"
                left_out.append(LeftOut(name=one.name, reason=reason))
    usable_s = left_s - 60.0 * settings.reserve_min
    dropped: list[LeftOut] = []
    while (needed := needed_s(wanted)) > max(usable_s, 0.0):
        last = wanted.pop(max(at for at, one in enumerate(wanted) if not one.finished))
        reason = (
            f"dropped for the budget: the finalists up to it need about {needed / 60:.1f} min, "
            f"{max(usable_s, 0.0) / 60:.1f} min are left"
        )
        dropped.insert(0, LeftOut(name=last.name, reason=reason))
    return BudgetPlan(tuple(wanted), (*dropped, *left_out))


def needed_s(contenders: list[Contender]) -> float:
    """Return the seconds that candidates need together.

    Side by side they share the processors, so they take as long as one after another.
    """
    return sum(one.recipe.estimate_s for one in contenders if not one.finished)
