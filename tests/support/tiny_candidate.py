"""The record of a small network, and a candidate without one: learning curves, no weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.common.artifacts.candidate import Candidate, CandidateInfo

CURVES = pd.DataFrame(
    {
        "phase": ["probe", "finetune", "finetune"],
        "epoch": [1, 2, 3],
        "train_loss": [0.7, 0.5, 0.4],
        "validation_loss": [0.7, 0.6, 0.55],
        "train_accuracy": [0.5, 0.7, 0.8],
        "validation_accuracy": [0.5, 0.65, 0.7],
    }
)


def candidate_info(classes: tuple[str, ...], **others: Any) -> CandidateInfo:
    """Return a record of the classes, of which the second of two is the positive one."""
    plain = {
        "positive": classes[1] if len(classes) == 2 else "",
        "backbone": "tiny",
        "method": "linear_probe",
        "image_size_px": 32,
        "temperature": 1.2,
        "flips": 1,
        "seed": 0,
        "weights_sha256": "",
        "trainable_parameters": 10,
    }
    return CandidateInfo(classes=classes, **plain | others)


def write_candidate(
    root: Path, classes: tuple[str, ...], *, curves: pd.DataFrame = CURVES, **others: Any
) -> Candidate:
    """Write what evaluate reads of a candidate: its record and its learning curves."""
    root.mkdir(parents=True)
    candidate = Candidate(root, candidate_info(classes, **others))
    candidate.write(
        curves=curves, paths=[], probabilities=np.zeros((0, len(classes)), dtype=np.float32)
    )
    return candidate
