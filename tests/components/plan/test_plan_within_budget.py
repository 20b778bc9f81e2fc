"""Which ranked candidates fit into a budget: the rule as a table."""

import pytest

from components.common.artifacts.tuning.ranking import Ranked, RankingInfo, Recipe
from components.plan.config import PlanConfig
from components.plan.within_budget import BudgetPlan, choose


def ranked(name: str, score: float, *minutes: float, features: tuple[str, ...] = ()) -> Ranked:
    methods = ("linear_probe", "linear_probe_finetune")
    recipes = tuple(
        Recipe(method=method, estimate_s=60 * each)
        for method, each in zip(methods, minutes, strict=False)
    )
    return Ranked(
        backbone=name,
        weights="none",
        features=features,
        image_size_px=32,
        score=score,
        spread=0.01,
        picture_ms=1.0,
        recipes=recipes,
    )


def ranking(*entries: Ranked) -> RankingInfo:
    return RankingInfo(metric="roc_auc", pictures=10, groups=5, ranked=entries)


def plan_for(entries: RankingInfo, settings: PlanConfig, *, left_s: float) -> BudgetPlan:
    """Choose where no earlier run has trained anything."""
    return choose(entries, settings, left_s=left_s, is_finished=lambda ranked, recipe: False)


A, B, C = ranked("a", 0.9, 4), ranked("b", 0.8, 5), ranked("c", 0.7, 1)


@pytest.mark.parametrize(
    ("left_min", "finalists", "chosen"),
    [
        (13, 3, ["a", "b", "c"]),
        (12, 3, ["a", "b", "c"]),  # exactly enough
        (11.9, 3, ["a", "b"]),  # the last goes first, although c alone would fit after a
        (10, 3, ["a"]),
        (5.9, 3, []),  # nothing is started that would overrun, not even the best
        (-1, 3, []),
        (60, 2, ["a", "b"]),
        (60, 1, ["a"]),
    ],
)
def test_candidates_are_dropped_from_the_end_until_the_rest_fits(
    left_min: float, finalists: int, chosen: list[str]
) -> None:
    settings = PlanConfig(finalists=finalists, reserve_min=2)
    plan = plan_for(ranking(A, B, C), settings, left_s=60 * left_min)
    assert [one.ranked.backbone for one in plan.chosen] == chosen
    named = {one.name.split()[0] for one in plan.left_out}
    assert named == {"a", "b", "c"} - set(chosen)


def test_what_the_budget_dropped_says_how_long_it_would_have_taken() -> None:
    plan = plan_for(ranking(A, B), PlanConfig(reserve_min=0), left_s=300)
    (dropped,) = plan.left_out
    assert dropped.name == "b 32 px, linear_probe"
    assert "need about 9.0 min, 5.0 min are left" in dropped.reason


def test_a_network_comes_with_all_its_methods_before_the_next() -> None:
    plan = plan_for(
        ranking(ranked("a", 0.9, 1, 2), ranked("b", 0.8, 1, 2)),
        PlanConfig(finalists=3),
        left_s=1e6,
    )
    assert [(one.ranked.backbone, one.recipe.method) for one in plan.chosen] == [
        ("a", "linear_probe"),
        ("a", "linear_probe_finetune"),
        ("b", "linear_probe"),
    ]


def test_of_one_networks_feature_layers_only_the_best_set_is_taken() -> None:
    deep, shallow = ranked("a", 0.9, 1, features=("deep",)), ranked("a", 0.8, 1)
    plan = plan_for(ranking(deep, shallow, B), PlanConfig(), left_s=1e6)
    assert [one.name for one in plan.chosen] == [
        "a 32 px [deep], linear_probe",
        "b 32 px, linear_probe",
    ]
    (named,) = plan.left_out
    assert named.name == "a 32 px" and "[deep]" in named.reason


def test_what_is_finished_is_taken_even_when_no_time_is_left() -> None:
    plan = choose(
        ranking(A, B),
        PlanConfig(),
        left_s=-1.0,
        is_finished=lambda ranked, recipe: ranked.backbone == "b",
    )
    assert [one.ranked.backbone for one in plan.chosen] == ["b"]
    assert [one.name.split()[0] for one in plan.left_out] == ["a"]
