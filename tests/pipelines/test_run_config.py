import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from components.common import config
from components.common.errors import ConfigError, DataError
from pipelines.config import (
    STEPS,
    TUNING_STEPS,
    TrainingRun,
    override,
    preset_names,
    read_preset,
    resolve,
)


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_resolves(name: str) -> None:
    settings = resolve(read_preset(name))
    assert isinstance(settings, TrainingRun)


def test_every_step_has_a_section() -> None:
    folders = {path.parent.name for path in Path("components").glob("*/component.py")}
    assert {*STEPS, *TUNING_STEPS, "monitor"} == folders


def test_shared_settings_reach_the_sections_that_have_them() -> None:
    settings = resolve({"seed": 7, "model_name": "cells", "model_base_path": "/models"})
    assert settings.train.seed == 7
    assert settings.deploy.model_name == "cells"
    assert settings.evaluate.model_base_path == "/models"


def test_costs_are_said_in_evaluate_and_built_in_by_export() -> None:
    said = ["evaluate.good=[functional]", "evaluate.escape_cost=5", "evaluate.max_asked=0.2"]
    settings = resolve(override(read_preset("solar"), said))
    assert settings.validate.good == ("functional",) and settings.validate.costs_differ
    export = settings.export
    assert (export.good, export.escape_cost, export.max_asked) == (("functional",), 5, 0.2)
    assert export.escape_rate == 0.1
    other = resolve(override(read_preset("solar"), [*said, "export.escape_cost=7"])).export
    assert other.escape_cost == 7


def test_train_is_handed_the_served_model_that_the_gate_compares_with() -> None:
    data = {"model_name": "cells", "model_base_path": "/models"}
    assert resolve(data).train.compare_with == "/models/cells"
    assert not resolve(data | {"gate": {"compare_with_serving": False}}).train.compare_with
    assert not resolve(data | {"evaluate": {"model_base_path": ""}}).train.compare_with


def test_a_section_may_differ_from_the_shared_setting() -> None:
    settings = resolve({"seed": 7, "train": {"seed": 8}})
    assert (settings.train.seed, settings.augment.seed) == (8, 7)


def test_override_reaches_deep_and_leaves_the_preset_alone() -> None:
    preset = read_preset("solar")
    before = yaml.safe_dump(preset)
    changed = override(preset, ["train.method=linear_probe", "seed=3"])
    assert resolve(changed).train.method == "linear_probe"
    assert resolve(changed).seed == 3
    assert yaml.safe_dump(preset) == before


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("train.epoch=3", "known settings"),
        ("trian.method=x", "known settings"),
        ("seed", "expected --set section.key=value, received 'seed'"),
        ("seed=many", "seed: expected a valid integer"),
        ("seed.deep=1", "expected a section at 'seed'"),
        ("model_name=9 lives", "model_name: expected"),
    ],
)
def test_wrong_overrides_say_what_to_do(assignment: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        resolve(override(read_preset("solar"), [assignment]))


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("ingest.source=ftp", "one of the sources elpv, folder, manifest, received 'ftp'"),
        ("augment.policy=mirrors", "one of the policies .*flips, .*, received 'mirrors'"),
        (
            "augment.policy=[{zoom: {shre: 0.1}}]",
            r"known settings \(share\), received 'augment.pol",
        ),
        ("augment.policy=[{zoom: {share: 2}}]", "augment.policy.zoom.share: expected less than"),
        ("augment.policy=[{zoom: 0.1}]", "option: value} for 'zoom' in augment.policy, received"),
        ("augment.policy=[{zoom: {}, crop: {}}]", "with one name, in augment.policy, received"),
        ("monitor.detect.detectors=[magic]", "one of the detectors .*, received 'magic'"),
        ("seed=9007199254740992", r"seed: expected a whole number below 2\^53"),
    ],
)
def test_every_option_is_checked_before_anything_starts(assignment: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        resolve(override(read_preset("solar"), [assignment]))


def test_pictures_too_small_for_the_backbone_are_refused() -> None:
    changes = ["train.backbone=xception", "augment.image_size_px=64"]
    with pytest.raises(DataError, match="at least 71 px for xception, received 64 px"):
        resolve(override(read_preset("pictures"), changes))


def test_checking_every_option_needs_no_framework() -> None:
    code = (
        "import sys; from pipelines.config import read_preset, resolve;"
        "resolve(read_preset('solar'));"
        "print(*({'tensorflow', 'keras', 'jax', 'kfp', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_step_may_refuse_what_its_types_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    import components.gate.config as gate

    seen = []
    monkeypatch.setattr(gate, "check", seen.append, raising=False)
    settings = resolve({"gate": {"confidence": 0.9}})
    assert seen == [settings.gate]


def test_unknown_preset_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="classic, distillation, domain_adversarial"):
        read_preset("lunar")
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [1")
    with pytest.raises(ConfigError, match="valid YAML"):
        read_preset(str(broken))
    listing = tmp_path / "list.yaml"
    listing.write_text("- 1\n")
    with pytest.raises(ConfigError, match="a mapping of settings"):
        read_preset(str(listing))


def test_the_run_survives_its_own_json() -> None:
    settings = resolve(read_preset("solar"))
    assert config.from_json(TrainingRun, config.to_json(settings)) == settings
