import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from components.common.artifacts.judging.evaluation import Evaluation, EvaluationInfo
from components.common.artifacts.judging.figures import Metric
from components.common.artifacts.judging.verdict import VerdictInfo
from components.common.report.texts import load_texts
from components.gate import decide, judgements
from components.gate.commands import TABLES

MakeEvaluation = Callable[..., Evaluation]


@pytest.fixture
def make_evaluation(tmp_path: Path) -> MakeEvaluation:
    def make(
        candidate: pd.DataFrame,
        incumbent: pd.DataFrame | None = None,
        best: pd.DataFrame | None = None,
        *,
        classes: tuple[str, ...] = ("good", "bad"),
        incumbent_version: int | None = None,
        same: bool = False,
        **more: object,
    ) -> Evaluation:
        accuracy = float((candidate["target"] == candidate["predicted"]).mean())
        figures = tuple(
            Metric(name=name, value=accuracy, low=accuracy - 0.03, high=accuracy + 0.03)
            for name in ("accuracy", "balanced_accuracy")
        )
        serving = incumbent is not None if incumbent_version is None else bool(incumbent_version)
        info = EvaluationInfo(
            classes=classes,
            positive="",
            pictures=len(candidate),
            groups=candidate["group"].nunique(),
            metrics=figures,
            incumbent_version=(incumbent_version or 3) if serving else 0,
            candidate_sha256="c" * 64,
            incumbent_sha256=("c" if same else "d") * 64 if serving else "",
            **more,
        )
        evaluation = Evaluation(tmp_path / "evaluation", info)
        evaluation.write(candidate, incumbent, best)
        return Evaluation.read(evaluation.root)

    return make


@pytest.fixture(autouse=True)
def every_reason_is_translated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever reason the gate gives in a test, `gate/languages` has it in every language."""
    given: list[str] = []

    def keep(**fields: Any) -> VerdictInfo:
        given.extend(fields["reasons"])
        return VerdictInfo(**fields)

    def keep_said(*values: Any) -> str:
        given.append(said := worn(*values))
        return said

    def keep_steps(info: VerdictInfo, evaluation: Evaluation, **more: Any) -> VerdictInfo:
        given.extend((found := advised(info, evaluation, **more)).next_steps)
        return found

    worn, advised = judgements._said, decide.with_next_steps
    monkeypatch.setattr(decide, "VerdictInfo", keep)
    monkeypatch.setattr(decide, "with_next_steps", keep_steps)
    monkeypatch.setattr(judgements, "_said", keep_said)
    yield
    say = load_texts(TABLES, "zh-TW")
    for said in map(say.sentence, given):
        # What is left in Latin letters are names, settings and commands.
        words = re.sub(r"graft( [a-z]+)+|--set ", "", said)
        assert not re.search(r"[a-z]+ [a-z]+", words), f"add to gate/languages/zh_tw.py: {said}"
