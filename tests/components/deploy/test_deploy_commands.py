from pathlib import Path

import pytest
from deploy_support import make_model, put

from components.common.artifacts.deployment import read_switches
from components.common.artifacts.model_folder import versions
from components.common.artifacts.passport import read_passport
from components.common.errors import ConfigError, InputError, PublishError
from components.deploy.access import publishing
from components.deploy.commands import rollback


@pytest.fixture
def base_path(tmp_path: Path) -> Path:
    source = make_model(tmp_path / "source")
    for _ in range(3):
        put(tmp_path / "models" / "solar", source)
    return tmp_path / "models"


def present(base_path: Path) -> list[int]:
    return [version.number for version in versions(base_path / "solar")]


def state(base_path: Path, version: int) -> str:
    passport = read_passport(base_path / "solar", version)
    assert passport is not None
    return passport.state


def test_the_version_before_serves_again(base_path: Path) -> None:
    done = rollback(base_path, "solar")

    assert (done.serving, done.retired) == (2, (3,))
    assert present(base_path) == [1, 2]
    assert state(base_path, 3) == "retired"


def test_back_to_a_named_version_and_forth_again(base_path: Path) -> None:
    assert rollback(base_path, "solar", to=1).retired == (2, 3)
    assert present(base_path) == [1]

    assert rollback(base_path, "solar", to=3).serving == 3
    assert present(base_path) == [1, 3]
    assert state(base_path, 3) == "confirmed"


def test_to_the_newest_changes_nothing(base_path: Path) -> None:
    assert rollback(base_path, "solar", to=3).retired == ()
    assert present(base_path) == [1, 2, 3]


def test_who_switched_and_why_is_kept(base_path: Path) -> None:
    rollback(base_path, "solar", by="Ada", reason="blurred pictures")
    rollback(base_path, "solar", to=2)  # it serves already: nothing to note
    rollback(base_path, "solar", to=3, by="Ben", reason="the lens was it")

    kept = read_switches(base_path / "solar")
    assert [(one.serving, one.retired, one.by, one.reason) for one in kept] == [
        (2, (3,), "Ada", "blurred pictures"),
        (3, (), "Ben", "the lens was it"),
    ]
    assert 0 < kept[0].at_unix_s <= kept[1].at_unix_s


def test_a_rolled_back_number_is_not_published_again(base_path: Path, tmp_path: Path) -> None:
    rollback(base_path, "solar")

    assert put(base_path / "solar", make_model(tmp_path / "new", content="new")).number == 4


def test_the_last_version_is_not_taken_back(base_path: Path) -> None:
    rollback(base_path, "solar", to=1)

    with pytest.raises(InputError, match=r"a version before the newest .* versions 1, 2, 3"):
        rollback(base_path, "solar")
    assert present(base_path) == [1]


def test_unknown_versions_models_and_paths_are_refused(base_path: Path) -> None:
    with pytest.raises(InputError, match=r"version 8 .* the versions 1, 2, 3"):
        rollback(base_path, "solar", to=8)
    with pytest.raises(InputError, match="no such folder"):
        rollback(base_path, "lunar")
    with pytest.raises(ConfigError, match="absolute"):
        rollback(Path("models"), "solar")
    assert not (base_path / "lunar").exists()


def test_a_rollback_waits_for_a_publish(base_path: Path) -> None:
    with (
        publishing(base_path / "solar", timeout_s=1),
        pytest.raises(PublishError, match="another publish or rollback"),
    ):
        rollback(base_path, "solar", timeout_s=0.2)
