from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from gate_answers import predictions

from components.common import config
from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.judging.verdict import Verdict
from components.common.run_context import RunContext
from components.gate.component import gate
from components.gate.config import GateConfig, Threshold


@pytest.mark.parametrize(("minimum", "word"), [(0.8, "deploy"), (0.99, "hold")])
def test_the_component_returns_the_word_and_leaves_the_verdict(
    make_evaluation: Callable[..., Evaluation], tmp_path: Path, minimum: float, word: str
) -> None:
    evaluation = make_evaluation(predictions(0.9))
    settings = GateConfig(thresholds=(Threshold(metric="accuracy", at_least=minimum),))
    out = SimpleNamespace(path=str(tmp_path / "verdict"), metadata={})

    said = gate.python_func(
        evaluation=SimpleNamespace(path=str(evaluation.root), metadata={}),
        settings=config.to_plain(settings),
        run=config.to_plain(RunContext(run_id="run-1", run_dir=str(tmp_path / "run"))),
        verdict=out,
        report=SimpleNamespace(path=str(tmp_path / "page"), metadata={}),
    )

    verdict = Verdict.read(tmp_path / "verdict").info
    assert (said, verdict.word) == (word, word)
    assert verdict.candidate_sha256 == "c" * 64
    assert out.metadata["run_id"] == "run-1"
    assert verdict.reasons[0].split(";")[0] in (tmp_path / "page").read_text(encoding="utf-8")
    assert verdict.reasons[0] in (tmp_path / "run" / "steps" / "gate.log").read_text()
