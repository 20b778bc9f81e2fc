"""Settings are refused at the door, by modules that import neither Keras nor a framework."""

import dataclasses
import subprocess
import sys
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from components.common import config, plugins
from components.common.errors import ConfigError, DataError, WeightsError
from components.networks.config import BACKBONES, PlannedTraining, check_size
from components.rank import config as rank
from components.rank.config import RankConfig
from components.train.config import METHODS, TrainConfig, check, method_options

WITHOUT_KERAS = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"keras", "tensorflow", "jax", "sklearn"}:
            raise ImportError(f"{name} is not to be imported")

sys.meta_path.insert(0, Blocked())
from components.common import plugins
from components.networks.config import BACKBONES
from components.rank.config import RankConfig, check as check_rank
from components.train.config import METHODS, TrainConfig, check

for name in plugins.names(METHODS):
    check(TrainConfig(method=name))
for name in plugins.names(BACKBONES):
    check(TrainConfig(backbone=name))
check_rank(RankConfig(backbones=plugins.names(BACKBONES), methods=plugins.names(METHODS)))
check(TrainConfig(options={"epohcs": 3}))
"""


def test_every_method_and_backbone_is_checked_without_keras() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_KERAS], capture_output=True, text=True, check=False
    )
    assert "ConfigError" in done.stderr, done.stderr
    assert "is not to be imported" not in done.stderr
    assert "received 'train.options.epohcs'" in done.stderr


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"method": "full", "options": {"epohcs": 3}},
            r"known settings \(batch, .*epochs.*'train.options.epohcs'",
        ),
        ({"method": "full", "options": {"epochs": "many"}}, r"train\.options\.epochs: .*'many'"),
        ({"method": "magic"}, "one of the methods auto, discriminative"),
        ({"backbone": "resnet9000"}, "one of the backbones convnext, densenet"),
        ({"backbone": "mobilenet_v2/7"}, "one of the variants 1.0, 0.35"),
        (
            {"method": "auto", "options": {"methods": {"magic": {}}}},
            r"from_scratch, full.*'train\.options\.methods\.magic'",
        ),
        (
            {"method": "auto", "options": {"methods": {"low_layers": {"lair": "out1"}}}},
            r"layer, .*'train\.options\.methods\.low_layers\.lair'",
        ),
    ],
)
def test_what_there_is_none_of_is_refused_with_what_there_is(
    changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        check(TrainConfig(**changes))


def test_weights_from_an_address_need_a_digest() -> None:
    with pytest.raises(WeightsError, match="sha256="):
        check(TrainConfig(weights="https://example.org/net.h5"))


def test_pictures_below_a_backbones_least_size_are_refused() -> None:
    check_size("xception", 71)
    with pytest.raises(DataError, match="at least 71 px for xception, received 70 px"):
        check_size("xception", 70)


def test_a_ranking_knows_its_backbones_and_methods() -> None:
    rank.check(RankConfig(backbones=("vgg16", "mobilenet_v2/0.5"), methods=("full",)))
    with pytest.raises(ConfigError, match="one of the methods"):
        rank.check(RankConfig(methods=("fll",)))
    with pytest.raises(ConfigError, match="one of the backbones"):
        rank.check(RankConfig(weights={"vgg": "none"}))


def test_a_ranking_reads_its_part_of_the_section_train() -> None:
    settings = TrainConfig(backbone="vgg16", warm_start="serving/models/solar", flips=2)
    read = config.from_json(PlannedTraining, config.to_json(settings))
    assert (read.backbone, read.flips) == ("vgg16", 2)


@pytest.mark.parametrize("name", plugins.names(METHODS))
def test_options_survive_a_pipelines_parameters(name: str) -> None:
    options = {field.name for field in dataclasses.fields(plugins.load(METHODS, name).Options)}
    given: dict[str, Any] = {"epochs": 3, "batch": 8} if "epochs" in options else {}
    given |= {"methods": {"full": {"epochs": 3}}} if name == "auto" else {}
    before = config.load(TrainConfig, {"method": name, "options": given})
    parameter = Struct()
    parameter.update({"method": name, "options": given})
    after = config.load(TrainConfig, MessageToDict(parameter))
    assert config.to_json(after) == config.to_json(before)
    assert method_options(name, after.options) == method_options(name, given)


def test_every_backbone_says_what_it_is() -> None:
    for name in plugins.names(BACKBONES):
        module = plugins.load(BACKBONES, name)
        assert module.MIN_SIZE_PX > 0
        assert module.LICENCE
