"""An evaluation is reused while the model, the pictures and what serves are the same."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from blank_passport import blank_passport
from kfp_artifact import Artifact

from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.judging.verdict import VerdictInfo
from components.common.artifacts.lineage import Lineage, write_lineage, write_seen
from components.common.artifacts.model_folder import candidate_path, lineage_path
from components.common.artifacts.passport import mark, write_passport
from components.common.step import run_step
from components.evaluate.config import EvaluateConfig
from components.evaluate.serving_key import serving_key
from components.evaluate.step import EvaluateInputs

NO_PICTURES = pd.DataFrame(
    {name: [] for name in ("path", "sha256", "pixels", "label", "group", "split")}
)


def publish(model_dir: Path, version: int, **passport: Any) -> None:
    (model_dir / str(version)).mkdir(parents=True)
    (model_dir / str(version) / "saved_model.pb").write_text(f"model {version}")
    lineage_path(model_dir, version).mkdir(parents=True)
    lineage = Lineage(model_sha256="", roots={}, links=())
    write_lineage(lineage_path(model_dir, version), lineage, NO_PICTURES)
    candidate_path(model_dir, version).mkdir(parents=True)
    write_seen(candidate_path(model_dir, version), ["a"], before=[])
    write_passport(model_dir, blank_passport(version=version, **passport))


def change_files(model_dir: Path) -> None:
    (model_dir / "4" / "saved_model.pb").write_text("another")


def change_pictures(model_dir: Path) -> None:
    rows = pd.DataFrame([dict.fromkeys(NO_PICTURES, "x")])
    lineage = Lineage(model_sha256="", roots={}, links=())
    write_lineage(lineage_path(model_dir, 4), lineage, rows)


def change_folds(model_dir: Path) -> None:
    NO_PICTURES.to_parquet(lineage_path(model_dir, 4) / "out_of_fold.parquet")


def change_seen(model_dir: Path) -> None:
    write_seen(candidate_path(model_dir, 4), ["a", "b"], before=[])


def change_best(model_dir: Path) -> None:
    mark(model_dir, 2, "retired")


def change_files_of_best(model_dir: Path) -> None:
    (model_dir / "2" / "saved_model.pb").write_text("another")


def change_newest(model_dir: Path) -> None:
    publish(model_dir, 5)


@pytest.mark.parametrize(
    "change",
    [
        change_files,
        change_pictures,
        change_folds,
        change_seen,
        change_best,
        change_files_of_best,
        change_newest,
    ],
)
def test_whatever_is_read_of_a_served_version_changes_the_key(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    settings = EvaluateConfig(model_base_path=str(tmp_path))
    assert serving_key(settings) == ""
    model_dir = tmp_path / "model"
    publish(model_dir, 2)
    publish(model_dir, 4, verdict=VerdictInfo(word="deploy", reasons=(), best_version=2))
    key = serving_key(settings)
    assert key
    # Confirmed or not, it is the same version.
    mark(model_dir, 4, "confirmed")
    assert serving_key(settings) == key

    change(model_dir)

    assert serving_key(settings) != key
    assert serving_key(EvaluateConfig()) == ""


@pytest.mark.slow
def test_an_unchanged_evaluation_is_reused_and_one_that_could_not_compare_is_not(
    tmp_path: Path, make_inputs: Callable[..., EvaluateInputs]
) -> None:
    inputs, runs = make_inputs(), tmp_path / "runs"

    def state(**settings: object) -> str:
        number = len(list(runs.glob("*")))
        home = runs / str(number)
        run_step(
            "evaluate",
            {"model_base_path": str(tmp_path / "models"), "faulty_pictures": 0, **settings},
            {"run_id": "r", "run_dir": str(home), "cache_dir": str(tmp_path / "cache")},
            {name: Artifact(str(path)) for name, path in vars(inputs).items() if path},
            {"evaluation": Artifact(str(home / "evaluation"))},
        )
        assert Evaluation.read(home / "evaluation").predictions() is not None
        assert (home / "evaluation" / "report.html").is_file()
        return str(json.loads((home / "steps" / "evaluate.json").read_text())["state"])

    assert [state(), state(), state(worst_mistakes=3)] == ["done", "reused", "done"]
    # A version that cannot be loaded: it may be by the next run.
    (tmp_path / "models" / "model" / "1").mkdir(parents=True)
    assert [state(), state()] == ["done", "done"]
