from pathlib import Path

import pytest

from components.common.errors import ConfigError
from components.train.nodes.worker import ADDRESS, PROCESS, PROCESSES, ProcessPlace, settings_from

GIVEN = {ADDRESS: "host:6666", PROCESSES: "4", PROCESS: "3"}


def test_the_environment_says_who_is_who() -> None:
    assert ProcessPlace.read(GIVEN) == ProcessPlace(address="host:6666", processes=4, process=3)


@pytest.mark.parametrize("change", [{PROCESS: ""}, {PROCESS: "4"}, {PROCESSES: "x"}, {ADDRESS: ""}])
def test_what_makes_no_sense_is_refused_with_what_was_there(change: dict[str, str]) -> None:
    (name,) = change
    with pytest.raises(ConfigError, match=rf"received .*{name}='{change[name]}'.*TrainJob"):
        ProcessPlace.read(GIVEN | change)


@pytest.mark.parametrize("text", ["train: {seed: 3}", "seed: 3"])
def test_settings_are_for_jax_on_all_devices(text: str, tmp_path: Path) -> None:
    path = tmp_path / "train.yaml"
    path.write_text(text)
    settings = settings_from(path)
    assert (settings.seed, settings.backend, settings.devices) == (3, "jax", 0)


def test_no_node_looks_at_what_serves(tmp_path: Path) -> None:
    path = tmp_path / "train.yaml"
    path.write_text("compare_with: /models/cells")
    assert not settings_from(path).compare_with


def test_an_unknown_setting_is_named(tmp_path: Path) -> None:
    path = tmp_path / "train.yaml"
    path.write_text("train: {sed: 3}")
    with pytest.raises(ConfigError, match=r"train\.sed"):
        settings_from(path)
