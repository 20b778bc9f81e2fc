"""How often the same pictures have decided, and when they are worn out."""

import dataclasses
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from gate_answers import predictions

from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.judging.verdict import Verdict
from components.common.artifacts.model_folder import newest_version
from components.common.run_context import RunContext
from components.gate.config import GateConfig
from components.gate.judgements import RECORD, note, overlap
from components.gate.step import GateInputs, GateOutputs, run

Make = Callable[..., Evaluation]


def pictures(first: int, count: int) -> list[str]:
    """Digests, as files have them."""
    return [f"{np.random.default_rng(n).integers(2**63):016x}" for n in range(first, first + count)]


@pytest.fixture
def judge(tmp_path: Path, make_evaluation: Make) -> Callable[..., str]:
    """Note a verdict on pictures `first` to `first + count`; return what it says."""

    def made(
        model: int, *, first: int = 0, count: int = 60, run_id: str = "", **settings: object
    ) -> str:
        answers = predictions(0.9, pictures=count).assign(sha256=pictures(first, count))
        made = make_evaluation(answers)
        info = dataclasses.replace(made.info, candidate_sha256=f"{model:064x}")
        config = GateConfig(model_base_path=str(tmp_path / "models"), **settings)  # type: ignore[arg-type]
        evaluation = Evaluation(made.root, info)
        return " ".join(note(evaluation, "hold", run_id=run_id or f"run {model}", settings=config))

    return made


def lines(root: Path, *, model: str = "model") -> list[dict[str, Any]]:
    text = (root / "models" / model / RECORD).read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_each_verdict_counts_until_the_pictures_are_worn_out(
    judge: Callable[..., str], tmp_path: Path
) -> None:
    assert judge(0) == (
        "These test pictures have been used for 1 verdict; they are worn out from number 10 on."
    )
    for model in range(1, 9):
        said = judge(model)
    assert "used for 9 verdicts; they are" in said
    said = judge(9)
    assert "used for 10 verdicts and are worn out" in said
    assert "a chance of up to 50 %" in said
    assert len(lines(tmp_path)) == 10
    assert newest_version(tmp_path / "models" / "model") is None


def test_a_looser_gate_wears_them_out_sooner(judge: Callable[..., str]) -> None:
    assert "worn out from number 5 on" in judge(0, confidence=0.9)


def test_the_same_run_and_the_same_model_count_once(
    judge: Callable[..., str], tmp_path: Path
) -> None:
    judge(0)
    assert "used for 1 verdict;" in judge(0)
    assert len(lines(tmp_path)) == 1
    assert "used for 1 verdict;" in judge(0, run_id="a later run")
    assert len(lines(tmp_path)) == 2


def test_other_pictures_begin_a_new_count(judge: Callable[..., str]) -> None:
    for model in range(3):
        judge(model)
    assert "used for 4 verdicts" in judge(3, first=15)  # 45 of 75 in common
    assert "used for 1 verdict;" in judge(4, first=100)
    assert "used for 1 verdict;" in judge(5, first=45, count=60)


@pytest.mark.parametrize("shared", [0, 300, 600, 1200])
def test_large_sets_are_compared_by_a_sample(
    judge: Callable[..., str], tmp_path: Path, shared: int
) -> None:
    judge(0, count=1200)
    judge(1, first=1200 - shared, count=1200)
    one, other = (list(line["sample"]) for line in lines(tmp_path))
    assert len(set(one)) == 256
    assert overlap(one, other) == pytest.approx(shared / (2400 - shared), abs=0.12)


def test_a_damaged_line_is_passed_over(
    judge: Callable[..., str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    judge(0)
    path = tmp_path / "models" / "model" / RECORD
    path.write_text(path.read_text() + '{"run_id": "cut o')
    assert "used for 2 verdicts" in judge(1)
    assert "line 2" in caplog.text
    assert "used for 3 verdicts" in judge(2)


def test_two_gates_at_once_lose_nothing(
    judge: Callable[..., str], tmp_path: Path, make_evaluation: Make
) -> None:
    evaluation = make_evaluation(predictions(0.9))
    config = GateConfig(model_base_path=str(tmp_path / "models"))
    threads = [
        threading.Thread(
            target=note,
            args=(evaluation, "deploy"),
            kwargs={"run_id": f"run {number}", "settings": config},
        )
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {line["run_id"] for line in lines(tmp_path)} == {f"run {n}" for n in range(8)}


def test_without_a_model_folder_nothing_is_counted(make_evaluation: Make) -> None:
    answers: pd.DataFrame = predictions(0.9)
    assert note(make_evaluation(answers), "hold", run_id="r", settings=GateConfig()) == ()


def test_a_folder_that_cannot_be_written_is_warned_of(
    make_evaluation: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "models").write_text("a file")
    config = GateConfig(model_base_path=str(tmp_path / "models"))
    assert note(make_evaluation(predictions(0.9)), "hold", run_id="r", settings=config) == ()
    assert "this verdict is not counted" in caplog.text


def test_the_step_counts_its_verdict_and_says_so(tmp_path: Path, make_evaluation: Make) -> None:
    made = make_evaluation(predictions(0.9, pictures=60).assign(sha256=pictures(0, 60)))
    info = dataclasses.replace(made.info, incumbent_sha256="i" * 64, incumbent_version=4)
    Evaluation(made.root, info).write(made.predictions())
    settings = GateConfig(
        model_base_path=str(tmp_path / "models"), model_name="tiles", compare_with_serving=False
    )
    outputs = GateOutputs(verdict=tmp_path / "verdict")
    word = run(settings, GateInputs(evaluation=made.root), outputs, RunContext(run_id="r7"))
    verdict = Verdict.read(outputs.verdict).info
    (line,) = lines(tmp_path, model="tiles")
    assert (line["run_id"], line["word"]) == ("r7", word)
    assert verdict.model_name == "tiles"
    assert 0 <= time.time() - verdict.judged_unix_s < 3600
    assert "have been used for 1 verdict" in verdict.reasons[-1]
    assert (verdict.incumbent_sha256, verdict.incumbent_version) == ("i" * 64, 4)
