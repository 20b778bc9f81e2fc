"""The one command after a run, with the user's own paths."""

import sys
from pathlib import Path

import pytest

from components.common.artifacts.judging.verdict import NextAction
from pipelines.console.next_command import next_command, override_command

TYPED = "graft run --data 'my photos' --set train.method=full"


@pytest.fixture(autouse=True)
def typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    line = ["/usr/bin/graft", "run", "--data", "my photos", "--set", "train.method=full"]
    monkeypatch.setattr(sys, "argv", line)
    monkeypatch.chdir(tmp_path)


def command(action: NextAction, *, models: Path = Path("serving/models")) -> str:
    return next_command(action, models=models, run_dir=Path.cwd() / "runs" / "20260101-mugs")


@pytest.mark.parametrize("action", ["serve", "nothing"])
def test_what_serves_is_started_from_where_it_is(action: NextAction, tmp_path: Path) -> None:
    usual, elsewhere = tmp_path / "serving" / "models", tmp_path / "my models"
    assert command(action, models=usual) == "graft up"
    assert command(action, models=elsewhere) == "graft up --models 'my models'"
    assert command(action, models=Path("/srv/models")) == "graft up --models /srv/models"


@pytest.mark.parametrize("action", ["improve", "add_pictures"])
def test_after_more_pictures_the_same_command_comes_again(action: NextAction) -> None:
    assert command(action) == TYPED


def test_cross_validation_is_the_same_command_with_a_setting() -> None:
    assert command("cross_validate") == f"{TYPED} --set evaluate.evidence=cross_validation"


def test_groups_that_were_found_come_before_a_server() -> None:
    assert command("accept_groups") == (
        "graft run runs/20260101-mugs/inspection/proposed_manifest.csv "
        "--preset runs/20260101-mugs/settings.yaml"
    )


def test_a_persons_own_word_names_the_run(tmp_path: Path) -> None:
    usual = override_command(tmp_path / "runs" / "20260101-mugs")
    assert usual == "graft gate override 20260101-mugs --reason WHY"
    assert override_command(tmp_path / "mine" / "a").endswith("--runs-dir mine")
