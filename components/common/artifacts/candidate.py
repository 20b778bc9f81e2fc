"""Candidate: a fitted network and how it came about. Written by train."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.artifacts.augmentation import VIEWS_SHEET, AugmentationInfo
from components.common.artifacts.decision import Decision
from components.common.artifacts.judging.figures import Metric
from components.common.artifacts.judging.held_out import no_answers
from components.common.artifacts.records import InfoFolder, read_record, write_record
from components.common.labels.tasks import FittedTask
from components.common.pictures.fit import Fit

CURVE_COLUMNS = (
    "phase",  # str: "probe", "finetune", ...
    "epoch",  # int, from 1, counted through the phases
    "train_loss",
    "validation_loss",
    "train_accuracy",
    "validation_accuracy",
)
OUT_OF_FOLD = "out_of_fold.parquet"
_REFITS = "incumbent_out_of_fold.parquet"
_VALIDATION = "validation.parquet"
_FAMILIAR = "familiar.npz"
_EMBEDDINGS = "embeddings.npz"


@dataclass(frozen=True)
class Familiar:
    """What the network was fitted on, as the network sees it.

    directions: float16 [M, D], embeddings of up to a thousand training pictures as
        `familiarity.unit` gives them. Where the embedding keeps every place of a map, D are its
        channels, and they are of the mean over the places.
    far_from: distance to the nearest of them from which a picture is strange; see `familiarity`.
    """

    directions: npt.NDArray[np.float16]
    far_from: float


@dataclass(frozen=True, kw_only=True)
class CandidateInfo:
    """What a later step must know of the network in `model.keras`.

    The network maps uint8 or float32 pixels [N, S, S, 3] in [0, 255] to logits [N, classes].
    Probabilities are softmax(mean over flips of logits / temperature).
    `flips` is the number of test-time views that are averaged: 1, 2 (left-right) or 4.
    `tasks` are further ones, each an output of its own after the logits.
    `unproven` are classes that no training picture shows; `figures` what the method measured
    itself, such as the harmonic mean of known classes that it treated as unseen.
    `fit` is how pictures of any shape become S x S.
    `class_shares`, where there are any, are those of the training pictures, which the
    probabilities speak of, and say that every class shall count the same in decisions.
    `augmentation` is what training pictures went through; None where an earlier release wrote the
    record.
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
    tasks: tuple[FittedTask, ...] = ()
    unproven: tuple[str, ...] = ()
    figures: tuple[Metric, ...] = ()
    fit: Fit = "squeeze"
    class_shares: tuple[float, ...] = ()
    augmentation: AugmentationInfo | None = None


@dataclass(frozen=True)
class Candidate(InfoFolder[CandidateInfo]):
    """A folder with `model.keras`, `candidate.json`, `curves.parquet`, `parity.npz`.

    `out_of_fold.parquet` and `validation.parquet` beside them are what the network, or its recipe
    under cross-validation, answered about pictures that it had not seen; one of the two is empty.
    `incumbent_out_of_fold.parquet` is what recipes of served versions answered on the same folds.
    `decision.json` is there where the method chose how to transfer.
    """

    FILE = "candidate.json"
    INFO = CandidateInfo

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
            paths: Dataset paths of some pictures, held-out ones where there are any.
            probabilities: float32 [len(paths), classes], the trainer's calibrated answers, those
                of further tasks beside them; export compares its own with them.
            decision: how the method was chosen, where it was.
        """
        curves.loc[:, list(CURVE_COLUMNS)].to_parquet(self.root / "curves.parquet")
        named = np.asarray(paths, dtype=np.str_)
        np.savez(self.root / "parity.npz", paths=named, probabilities=probabilities)
        if decision is not None:
            write_record(self.root / "decision.json", decision)
        self.write_info()

    @property
    def sheet(self) -> Path:
        """The contact sheet of Shards; it is not there without views."""
        return self.root / VIEWS_SHEET

    def write_held_out(self, table: pd.DataFrame) -> None:
        """Keep the answers about held-out pictures, see `held_out_table`."""
        out_of_fold = table["fold"] >= 0
        table[out_of_fold].reset_index(drop=True).to_parquet(self.root / OUT_OF_FOLD)
        table[~out_of_fold].reset_index(drop=True).to_parquet(self.root / _VALIDATION)

    def out_of_fold(self) -> pd.DataFrame:
        """Return what folds answered about pictures they had not seen, one row a picture.

        HELD_OUT_COLUMNS and one column "z_<class>" a class; no rows under holdout.
        """
        return self._answers(OUT_OF_FOLD)

    def held_out(self) -> pd.DataFrame:
        """Return the out-of-fold answers, or under holdout those about the validation pictures."""
        out_of_fold = self.out_of_fold()
        return self._answers(_VALIDATION) if out_of_fold.empty else out_of_fold

    def _answers(self, name: str) -> pd.DataFrame:
        path = self.root / name
        # Candidates that were kept by earlier versions of Graft have neither file.
        return pd.read_parquet(path) if path.exists() else no_answers(self.info.classes)

    def write_refits(self, tables: Sequence[pd.DataFrame]) -> None:
        """Keep what recipes of served versions answered when they were fitted again, one each."""
        table = pd.concat(tables, ignore_index=True) if tables else self._no_refits()
        table.to_parquet(self.root / _REFITS)

    def refits(self) -> pd.DataFrame:
        """Return what recipes of served versions answered on the folds of `out_of_fold`.

        The columns of `out_of_fold`, the "version" and the "sha256" of its files; no rows where
        none had to be fitted again.
        """
        path = self.root / _REFITS
        return pd.read_parquet(path) if path.exists() else self._no_refits()

    def _no_refits(self) -> pd.DataFrame:
        return no_answers(self.info.classes).assign(version=0, sha256="")

    def write_familiar(self, familiar: Familiar) -> None:
        """Keep what export tells strange pictures by."""
        np.savez(self.root / _FAMILIAR, **vars(familiar))

    def familiar(self) -> Familiar | None:
        """Return what strange pictures are recognised by, None where it was not kept."""
        path = self.root / _FAMILIAR
        if not path.exists():
            return None
        with np.load(path) as archive:
            return Familiar(archive["directions"], float(archive["far_from"]))

    def write_embeddings(self, paths: Sequence[str], embeddings: npt.NDArray[Any]) -> None:
        """Keep how the pretrained network saw the training pictures, float [N, D]."""
        named = np.asarray(paths, dtype=np.str_)
        np.savez(self.root / _EMBEDDINGS, paths=named, embeddings=embeddings)

    def embeddings(self) -> tuple[list[str], npt.NDArray[np.float32]] | None:
        """Return Dataset paths and embeddings, float32 [N, D], by a network not fitted to them.

        None where there are none: after a warm start, whose network may have seen the pictures,
        and by methods that do not begin with a solved head.
        """
        path = self.root / _EMBEDDINGS
        if not path.exists():
            return None
        with np.load(path) as archive:
            return archive["paths"].tolist(), archive["embeddings"].astype(np.float32)

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
