"""Candidate: a fitted network and how it came about. Written by train."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.artifacts.decision import Decision
from components.common.artifacts.records import read_record, write_record

CURVE_COLUMNS = (
    "phase",  # str: "probe", "finetune", ...
    "epoch",  # int, from 1, counted through the phases
    "train_loss",
    "validation_loss",
    "train_accuracy",
    "validation_accuracy",
)


@dataclass(frozen=True, kw_only=True)
class CandidateInfo:
    """What a later step must know of the network in `model.keras`.

    The network maps uint8 or float32 pixels [N, S, S, 3] in [0, 255] to logits [N, classes].
    Probabilities are softmax(mean over flips of logits / temperature).
    `flips` is the number of test-time views that are averaged: 1, 2 (left-right) or 4.
    """

    classes: tuple[str, ...]
    positive: str
    backbone: str
    method: str
    image_size_px: int
    temperature: float
    flips: int
    seed: int
    weights_sha256: str
    trainable_parameters: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A folder with `model.keras`, `candidate.json`, `curves.parquet`, `parity.npz`.

    `validation.npz` beside them is what candidates are compared by, `decision.json` is there
    where the method chose how to transfer.
    """

    root: Path
    info: CandidateInfo

    @classmethod
    def read(cls, root: Path) -> "Candidate":
        """Open the artifact at `root`."""
        return cls(root, read_record(root / "candidate.json", CandidateInfo))

    def write(
        self,
        *,
        curves: pd.DataFrame,
        paths: list[str],
        probabilities: npt.NDArray[np.float32],
        decision: Decision | None = None,
    ) -> None:
        """Write everything but `model.keras`, which the trainer saves itself.

        Args:
            curves: one row an epoch, CURVE_COLUMNS.
            paths: Dataset paths of the validation pictures.
            probabilities: float32 [len(paths), classes], the trainer's calibrated answers;
                export compares its own with them.
            decision: how the method was chosen, where it was.
        """
        curves.loc[:, list(CURVE_COLUMNS)].to_parquet(self.root / "curves.parquet")
        self._keep("parity.npz", paths, probabilities)
        if decision is not None:
            write_record(self.root / "decision.json", decision)
        write_record(self.root / "candidate.json", self.info)

    def write_validation(
        self, paths: tuple[str, ...], probabilities: npt.NDArray[np.float32]
    ) -> None:
        """Keep the calibrated answers for all validation pictures, float32 [N, classes]."""
        self._keep("validation.npz", paths, probabilities)

    def _keep(self, name: str, paths: Sequence[str], answers: npt.NDArray[np.float32]) -> None:
        named = np.asarray(paths, dtype=np.str_)
        np.savez(self.root / name, paths=named, probabilities=answers)

    def validation(self) -> pd.DataFrame:
        """Return the answers for the validation pictures: index `path`, one column a class."""
        with np.load(self.root / "validation.npz") as archive:
            return pd.DataFrame(
                archive["probabilities"],
                index=pd.Index([str(path) for path in archive["paths"]], name="path"),
                columns=list(self.info.classes),
            )

    @property
    def model_path(self) -> Path:
        """The Keras file."""
        return self.root / "model.keras"

    def curves(self) -> pd.DataFrame:
        """Return the learning curves."""
        return pd.read_parquet(self.root / "curves.parquet")

    def decision(self) -> Decision | None:
        """Return how the method was chosen, or None where it was given."""
        path = self.root / "decision.json"
        return read_record(path, Decision) if path.exists() else None

    def parity_paths(self) -> list[str]:
        """Return the Dataset paths of the pictures in `parity_probabilities`."""
        with np.load(self.root / "parity.npz") as archive:
            return [str(path) for path in archive["paths"]]

    def parity_probabilities(self) -> npt.NDArray[np.float32]:
        """Return the trainer's answers, float32 [N, classes]."""
        with np.load(self.root / "parity.npz") as archive:
            answers: npt.NDArray[np.float32] = archive["probabilities"]
        return answers
