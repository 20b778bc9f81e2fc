"""The tasks that finalists become."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import pytest

from components.augment.config import AugmentConfig
from components.common import config
from components.common.artifacts.tuning.ranking import LeftOut, Ranked, Ranking, RankingInfo, Recipe
from components.common.artifacts.tuning.shortlist import Allowance, Shortlist, leave_mark
from components.common.errors import ConfigError
from components.common.run_context import RunContext
from components.plan import step
from components.plan.config import PlanConfig
from components.plan.step import PlanInputs, PlanOutputs
from components.train.config import TrainConfig

AUGMENT = config.to_plain(AugmentConfig(image_size_px=224, views=3))
TRAIN = config.to_plain(TrainConfig(weights="w.h5", flips=2, options={"epochs": 4}))
RUN = RunContext(run_id="r", run_dir="/somewhere")


@pytest.fixture
def ranking(tmp_path: Path) -> Path:
    entry = Ranked(
        backbone="mobilenet_v2/0.5",
        weights="none",
        features=("block_8_expand_relu",),
        pooling="max",
        image_size_px=96,
        score=0.8,
        spread=0.02,
        picture_ms=3.0,
        recipes=(
            Recipe(method="linear_probe", options={}, estimate_s=30.0),
            Recipe(method="linear_probe_finetune", options={"cut": "x"}, estimate_s=120.0),
        ),
    )
    absent = LeftOut(name="vgg16 96 px", reason="no weights", passing=True)
    info = RankingInfo(metric="roc_auc", pictures=9, groups=3, ranked=(entry,), left_out=(absent,))
    Ranking(tmp_path / "ranking", info).write()
    return tmp_path / "ranking"


def make(ranking: Path, *, budget_min: float = 10.0, run: RunContext = RUN) -> list[dict[str, Any]]:
    settings = PlanConfig(budget_min=budget_min, reserve_min=1.0)
    inputs = PlanInputs(ranking=ranking, augment=AUGMENT, train=TRAIN)
    return step.run(settings, inputs, PlanOutputs(shortlist=ranking.parent / "shortlist"), run)


def test_a_task_holds_settings_that_its_own_steps_read(ranking: Path) -> None:
    second = make(ranking)[1]
    augment = config.from_struct(AugmentConfig, second["augment"])
    assert augment == AugmentConfig(image_size_px=96, views=3)
    train = config.from_struct(TrainConfig, second["train"])
    assert train == TrainConfig(
        backbone="mobilenet_v2/0.5",
        weights="none",
        features=("block_8_expand_relu",),
        pooling="max",
        method="linear_probe_finetune",
        options={"cut": "x"},
        flips=2,
    )
    assert config.to_plain(train) == second["train"]
    assert config.to_plain(augment) == second["augment"]


def test_tasks_differ_by_names_that_files_can_have(ranking: Path) -> None:
    runs = [config.from_struct(RunContext, task["run"]) for task in make(ranking)]
    assert [run.item for run in runs] == [
        "1-mobilenet_v2_0.5-96px-linear_probe",
        "2-mobilenet_v2_0.5-96px-linear_probe_finetune",
    ]
    assert {run.run_dir for run in runs} == {"/somewhere"}


def test_the_reserve_is_kept_from_the_deadline(ranking: Path) -> None:
    deadline = time.time() + 600.0
    run = RunContext(run_id="r", deadline_unix_s=deadline)
    allowance = config.from_struct(Allowance, make(ranking, run=run)[0]["allowance"])
    assert (allowance.estimate_s, allowance.deadline_unix_s) == (30.0, deadline - 60.0)
    assert allowance.overrun(deadline - 91.0) == ""
    assert "about 30 s were expected and 29 s" in allowance.overrun(deadline - 89.0)


def test_the_shortlist_tells_all_that_was_left_out(ranking: Path) -> None:
    make(ranking, budget_min=2.0)
    info = Shortlist.read(ranking.parent / "shortlist").info
    assert [one.method for one in info.finalists] == ["linear_probe"]
    assert [one.name for one in info.left_out] == [
        "mobilenet_v2/0.5 96 px max-pooled [block_8_expand_relu], linear_probe_finetune",
        "vgg16 96 px",
    ]


def test_what_an_earlier_run_has_trained_costs_nothing(ranking: Path, tmp_path: Path) -> None:
    run = dataclasses.replace(RUN, cache_dir=str(tmp_path / "cache"))
    task = make(ranking, budget_min=2.0, run=run)[0]
    allowance = config.from_struct(Allowance, task["allowance"])
    leave_mark(run.cache_dir, allowance.mark)
    # 150 s would not fit into the minute or two that are left, 120 s do.
    tasks = make(ranking, budget_min=3.1, run=run)
    assert len(tasks) == 2
    assert len(make(ranking, budget_min=3.1)) == 1
    # Whether it is still in the cache is found out when it starts, so the estimate stays.
    again = config.from_struct(Allowance, tasks[0]["allowance"])
    assert (again.estimate_s, again.mark) == (30.0, allowance.mark)


def test_a_budget_too_small_for_anything_names_one_that_is_enough(ranking: Path) -> None:
    with pytest.raises(ConfigError, match="give --budget-min of 2 or more"):
        make(ranking, budget_min=1.2)
