"""Ranking by probes on tiny shards, with random weights."""

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.tuning.ranking import Ranking, RankingInfo
from components.common.artifacts.tuning.shortlist import Allowance, NotTrained
from components.common.errors import ConfigError, DataError, WeightsError
from components.common.run_context import RunContext
from components.networks import network
from components.networks.config import PlannedTraining
from components.rank.config import RankConfig, weights_of
from components.rank.cost import Speed, Workload, estimate_s
from components.rank.feature_sets import feature_sets
from components.rank.ranking import rank
from components.rank.step import RankOutputs, is_complete
from components.train import finalist
from components.train.config import TrainConfig
from components.train.finalist import FinalistInputs
from components.train.methods import linear_probe, linear_probe_finetune
from components.train.step import TrainOutputs

pytestmark = [
    pytest.mark.slow,
    # Saving with Keras 3 under TensorFlow 2.20 and NumPy 2.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

TRAIN = PlannedTraining(backbone="mobilenet_v2/0.35", weights="none", flips=1)
FINALIST = TrainConfig(backbone="mobilenet_v2/0.35", weights="none", flips=1)
NARROW = RankConfig(backbones=("mobilenet_v2/0.35",), folds=2)

Rank = Callable[..., RankingInfo]


@pytest.fixture
def ranked(tiny_shards: Path, tmp_path: Path) -> Rank:
    def run(
        settings: RankConfig = NARROW, deadline_unix_s: float = 0.0, train: PlannedTraining = TRAIN
    ) -> RankingInfo:
        rank(
            tiny_shards,
            out=tmp_path / "ranking",
            settings=settings,
            train=train,
            cache_dir=str(tmp_path / "cache"),
            deadline_unix_s=deadline_unix_s,
        )
        return Ranking.read(tmp_path / "ranking").info

    return run


def test_sizes_and_feature_layers_are_ranked_and_the_second_time_nothing_is_computed(
    ranked: Rank, tmp_path: Path
) -> None:
    settings = dataclasses.replace(
        NARROW, sizes_px=(32,), methods=("linear_probe", "linear_probe_finetune")
    )
    info = ranked(settings)
    scores = [one.score for one in info.ranked]
    assert scores == sorted(scores, reverse=True) and all(0 <= score <= 1 for score in scores)
    # The backbone's own four layers, each alone, the first two and the first three.
    assert len({one.features for one in info.ranked}) == len(info.ranked) == 7
    assert [recipe.method for recipe in info.ranked[0].recipes] == list(settings.methods)
    assert is_complete(RankOutputs(ranking=tmp_path / "ranking"))
    entries = {path: path.stat().st_ino for path in (tmp_path / "cache").rglob("*.npy")}
    again = ranked(settings)
    assert entries == {path: path.stat().st_ino for path in (tmp_path / "cache").rglob("*.npy")}
    assert {(one.name, one.score) for one in again.ranked} == {
        (one.name, one.score) for one in info.ranked
    }


def test_a_backbone_without_weights_or_for_larger_pictures_is_skipped_and_told(
    ranked: Rank, tmp_path: Path
) -> None:
    settings = dataclasses.replace(
        NARROW,
        backbones=("vgg16", "mobilenet_v2/0.35"),
        weights={"vgg16": str(tmp_path / "absent.h5")},
        sizes_px=(24, 32),
    )
    info = ranked(settings)
    assert {one.backbone for one in info.ranked} == {"mobilenet_v2/0.35"}
    said = {one.name: one for one in info.left_out}
    assert "not a file" in said["vgg16 32 px"].reason
    assert "at least 32 px" in said["mobilenet_v2/0.35 24 px"].reason
    # Weights may come, so that the next run must look again.
    assert not is_complete(RankOutputs(ranking=tmp_path / "ranking"))


def test_both_ways_of_pooling_are_ranked(ranked: Rank) -> None:
    info = ranked(dataclasses.replace(NARROW, sizes_px=(32,), poolings=("mean", "max")))
    scores = {
        pooling: {one.features: one.score for one in info.ranked if one.pooling == pooling}
        for pooling in ("mean", "max")
    }
    assert scores["mean"].keys() == scores["max"].keys()
    assert scores["mean"] != scores["max"]
    assert sum("max-pooled" in one.name for one in info.ranked) == len(scores["max"]) == 7


def test_without_a_word_the_runs_own_pooling_is_ranked(ranked: Rank) -> None:
    own = dataclasses.replace(TRAIN, pooling="max")
    assert {one.pooling for one in ranked(NARROW, train=own).ranked} == {"max"}


def test_when_none_remains_the_first_reason_is_the_error(ranked: Rank, tmp_path: Path) -> None:
    absent = {"mobilenet_v2/0.35": str(tmp_path / "absent.h5")}
    with pytest.raises(WeightsError, match="not a file"):
        ranked(dataclasses.replace(NARROW, weights=absent))


def test_nothing_is_begun_that_would_not_be_done_in_time(ranked: Rank) -> None:
    with pytest.raises(DataError, match="larger --budget-min"):
        ranked(deadline_unix_s=time.time() - 1.0)


def test_unknown_names_end_the_ranking(ranked: Rank) -> None:
    with pytest.raises(ConfigError, match="one of the backbones"):
        ranked(RankConfig(backbones=("resnet_900",)))


@pytest.mark.parametrize("backbone", ["mobilenet_v2/0.35", "vgg16"])
def test_every_feature_set_leaves_something_to_fine_tune(backbone: str) -> None:
    settings = dataclasses.replace(TRAIN, backbone=backbone)
    own = network.build(settings, image_size_px=32, classes=2)
    for chosen in feature_sets(own):
        smaller = dataclasses.replace(settings, features=chosen.named)
        built = network.build(smaller, image_size_px=32, classes=2)
        tail = built.between(built.boundary(built.cut(chosen.cut)), (network.LOGITS,))
        assert len(tail.trainable_variables) > 2, chosen  # more than the head's two


def test_estimates_count_what_a_method_does() -> None:
    speed = Speed(forward_s=0.010, tail_s=0.003)
    load = Workload(train=1000, views=4, validation=100, flips=2, probe_s=0.0)
    probe = estimate_s(linear_probe.Options(), speed, load)
    tuned = estimate_s(linear_probe_finetune.Options(epochs=10), speed, load)
    assert tuned - probe == pytest.approx(10 * 3100 * 0.003)
    assert probe == pytest.approx(25.0 + 4200 * 0.010)
    folded = dataclasses.replace(load, fits=5)
    again = estimate_s(linear_probe_finetune.Options(epochs=10), speed, folded)
    assert again - tuned == pytest.approx(4 * 10 * 3100 * 0.003)


def test_auto_is_estimated_as_the_dearest_that_it_may_choose(ranked: Rank) -> None:
    settings = dataclasses.replace(NARROW, sizes_px=(32,), methods=("auto", "full", "linear_probe"))
    needed = {recipe.method: recipe.estimate_s for recipe in ranked(settings).ranked[0].recipes}
    # All layers are tuned beside what the rule names.
    assert needed["auto"] > needed["full"] > needed["linear_probe"]


def test_only_the_runs_own_backbone_takes_the_runs_weights() -> None:
    train = PlannedTraining(backbone="mobilenet_v2", weights="w.h5")
    settings = RankConfig(weights={"vgg16": "v.h5"})
    assert weights_of(settings, train, "mobilenet_v2") == "w.h5"
    assert weights_of(settings, train, "vgg16") == "v.h5"
    assert weights_of(settings, train, "mobilenet_v2/0.5") == "imagenet"
    assert weights_of(settings, dataclasses.replace(train, weights="none"), "resnet") == "none"


def fit(shards: Path, out: Path, settings: TrainConfig, allowance: Allowance) -> None:
    inputs = FinalistInputs(shards=shards, allowance=allowance)
    finalist.run(settings, inputs, TrainOutputs(candidate=out), RunContext(run_id="r"))


def test_a_finalist_that_would_overrun_is_not_started(tiny_shards: Path, tmp_path: Path) -> None:
    allowance = Allowance(estimate_s=50.0, deadline_unix_s=time.time() + 10.0)
    fit(tiny_shards, tmp_path / "c", FINALIST, allowance)
    reason = NotTrained.read(tmp_path / "c")
    assert reason is not None and "not started: about 50 s" in reason.reason
    assert not (tmp_path / "c" / "model.keras").exists()


def test_a_finalist_that_fails_says_why_and_one_that_works_is_a_candidate(
    tiny_shards: Path, tmp_path: Path
) -> None:
    free = Allowance(estimate_s=50.0)
    wrong = dataclasses.replace(FINALIST, method="linear_probe", options={"strenth": 1})
    fit(tiny_shards, tmp_path / "w", wrong, free)
    reason = NotTrained.read(tmp_path / "w")
    assert reason is not None and "train.options.strenth" in reason.reason
    right = dataclasses.replace(FINALIST, method="linear_probe")
    fit(tiny_shards, tmp_path / "r", right, free)
    assert NotTrained.read(tmp_path / "r") is None
    answers = Candidate.read(tmp_path / "r").held_out()
    assert list(answers.columns[-2:]) == ["z_functional", "z_defective"] and len(answers) == 12
