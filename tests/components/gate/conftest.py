from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from components.common.artifacts.evaluation import Evaluation, EvaluationInfo, Metric

MakeEvaluation = Callable[..., Evaluation]


@pytest.fixture
def make_evaluation(tmp_path: Path) -> MakeEvaluation:
    def make(
        candidate: pd.DataFrame,
        incumbent: pd.DataFrame | None = None,
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
        evaluation.write(candidate, incumbent)
        return Evaluation.read(evaluation.root)

    return make
