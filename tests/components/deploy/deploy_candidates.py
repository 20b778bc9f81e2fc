"""Candidates as deploy receives them: exported, evaluated, judged."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from components.common.artifacts.dataset import MANIFEST_COLUMNS, Dataset, DatasetInfo
from components.common.artifacts.judging.evaluation import Evaluation, EvaluationInfo
from components.common.artifacts.judging.figures import Metric
from components.common.artifacts.monitoring.reference import (
    OBSERVATIONS_SCHEMA,
    Reference,
    ReferenceInfo,
)
from components.common.pictures.decode import encode_png
from components.deploy.judged import DeployInputs

CLASSES = ("good", "bad")
PICTURES = 12


MakeCandidate = Callable[..., DeployInputs]


def write_reference(root: Path, model_sha256: str) -> None:
    info = ReferenceInfo(
        model_name="solar",
        model_sha256=model_sha256,
        data_sha256="",
        classes=CLASSES,
        positive="bad",
        pictures=0,
        groups=0,
        accuracy=1.0,
        seed=0,
    )
    Reference(root, info).write(OBSERVATIONS_SCHEMA.empty_table())


def write_dataset(root: Path) -> list[bytes]:
    """Twelve grey pictures, from dark to bright."""
    (root / "pictures").mkdir(parents=True)
    encoded = []
    rows = []
    for index, level in enumerate(np.linspace(0, 255, PICTURES).astype(np.uint8)):
        data = encode_png(np.full((9, 7, 1), level, dtype=np.uint8))
        path = f"pictures/{index}.png"
        (root / path).write_bytes(data)
        encoded.append(data)
        name = f"{index:064x}"
        label, group = CLASSES[index % 2], f"g{index}"
        rows.append([path, name, label, np.nan, "", f"pixels {name}", group, "test", 1])
    info = DatasetInfo(name="levels", classes=CLASSES)
    Dataset(root, info, pd.DataFrame(rows, columns=list(MANIFEST_COLUMNS))).write()
    return encoded


def write_evaluation(root: Path, answers: np.ndarray, digest: str, incumbent_version: int) -> None:
    predictions = pd.DataFrame(
        {
            "path": [f"pictures/{index}.png" for index in range(PICTURES)],
            "sha256": [f"{index:064x}" for index in range(PICTURES)],
            "group": [f"g{index}" for index in range(PICTURES)],
            "domain": "",
            "target": [index % 2 for index in range(PICTURES)],
            "predicted": answers.argmax(axis=1),
            "p_good": answers[:, 0],
            "p_bad": answers[:, 1],
        }
    )
    info = EvaluationInfo(
        classes=CLASSES,
        positive="bad",
        pictures=PICTURES,
        groups=PICTURES,
        metrics=(Metric(name="accuracy", value=0.9, low=0.8, high=1.0),),
        incumbent_version=incumbent_version,
        candidate_sha256=digest,
    )
    Evaluation(root, info).write(predictions)
