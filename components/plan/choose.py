"""Which ranked candidates fit into the time that is left. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from components.common.artifacts.ranking import LeftOut, Ranked, RankingInfo, Recipe
from components.plan.config import PlanConfig


@dataclass(frozen=True)
class Choice:
    """A ranked network with one way to fine-tune it."""

    ranked: Ranked
    recipe: Recipe

    @property
    def name(self) -> str:
        """What a reader calls it."""
        return f"{self.ranked.name}, {self.recipe.method}"


@dataclass(frozen=True)
class Plan:
    """What is fine-tuned, in the order of the ranking, and what is not."""

    chosen: tuple[Choice, ...]
    left_out: tuple[LeftOut, ...]


def choose(ranking: RankingInfo, settings: PlanConfig, *, left_s: float) -> Plan:
    """Take the best-ranked candidates and drop from the end until the rest fits.

    A network comes with all its methods before the next one; of the sets of feature layers of
    one backbone at one size only the best is taken, so that the finalists differ.

    Args:
        ranking: the best first.
        settings: number of finalists, reserve, parallelism.
        left_s: seconds until the run must be done.
    """
    wanted: list[Choice] = []
    left_out: list[LeftOut] = []
    for choice in _choices(ranking, left_out):
        if len(wanted) < settings.finalists:
            wanted.append(choice)
        else:
            reason = f"ranked below the {settings.finalists} finalists"
            left_out.append(LeftOut(name=choice.name, reason=reason))
    usable_s = left_s - 60.0 * settings.reserve_min
    dropped: list[LeftOut] = []
    while wanted and (needed := needed_s(wanted)) > usable_s:
        last = wanted.pop()
        reason = (
            f"dropped for the budget: the finalists up to it need about {needed / 60:.1f} min, "
            f"{max(usable_s, 0.0) / 60:.1f} min are left"
        )
        dropped.insert(0, LeftOut(name=last.name, reason=reason))
    return Plan(tuple(wanted), (*dropped, *left_out))


def needed_s(choices: list[Choice]) -> float:
    """Return the seconds that candidates need together.

    Side by side they share the processors, so they take as long as one after another.
    """
    return sum(choice.recipe.estimate_s for choice in choices)


def _choices(ranking: RankingInfo, left_out: list[LeftOut]) -> Iterator[Choice]:
    seen: dict[str, str] = {}
    for ranked in ranking.ranked:
        network = f"{ranked.backbone} {ranked.image_size_px} px"
        if network in seen:
            reason = f"other feature layers of the same network rank higher: {seen[network]}"
            left_out.append(LeftOut(name=ranked.name, reason=reason))
            continue
        seen[network] = ranked.name
        yield from (Choice(ranked, recipe) for recipe in ranked.recipes)
