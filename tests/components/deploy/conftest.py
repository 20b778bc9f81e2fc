from pathlib import Path

import numpy as np
import pytest
from deploy_candidates import (
    CLASSES,
    PICTURES,
    MakeCandidate,
    write_dataset,
    write_evaluation,
    write_reference,
)
from deploy_support import make_model
from tiny_candidate import write_candidate

from components.common.artifacts.exported import Export, ExportInfo
from components.common.artifacts.judging.verdict import Verdict, VerdictInfo, Word
from components.common.artifacts.records import tree_sha256
from components.deploy.judged import DeployInputs


@pytest.fixture
def make_candidate(tmp_path: Path) -> MakeCandidate:
    """Write the inputs of the step around a folder that looks like a model, or is one."""
    made = 0

    def make(
        *,
        saved_model: Path | None = None,
        answers: np.ndarray | None = None,
        word: Word = "deploy",
        judged_sha256: str = "",
        incumbent_version: int = 0,
        best_version: int = 0,
    ) -> DeployInputs:
        nonlocal made
        made += 1
        root = tmp_path / f"candidate-{made}"
        exported = root / "exported"
        exported.mkdir(parents=True)
        if saved_model is None:
            make_model(exported / "saved_model", content=f"model {made}")
        else:
            (exported / "saved_model").symlink_to(saved_model)
        digest = tree_sha256((exported / "saved_model").resolve())
        Export(
            exported,
            ExportInfo(
                classes=CLASSES,
                positive="bad",
                backbone="levels",
                method="linear_probe",
                image_size_px=8,
                max_difference=0.0,
                model_sha256=digest,
            ),
        ).write()
        write_dataset(root / "dataset")
        if answers is None:
            answers = np.full((PICTURES, 2), 0.5)
        write_evaluation(root / "evaluation", answers, judged_sha256 or digest, incumbent_version)
        Verdict(
            root / "verdict",
            VerdictInfo(
                word=word,
                reasons=("Said so.",),
                candidate_sha256=digest,
                best_version=best_version,
            ),
        ).write()
        write_reference(root / "reference", digest)
        write_candidate(root / "network", CLASSES)
        return DeployInputs(
            exported=exported,
            evaluation=root / "evaluation",
            verdict=root / "verdict",
            dataset=root / "dataset",
            reference=root / "reference",
            candidate=root / "network",
        )

    return make
