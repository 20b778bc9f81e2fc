"""Evaluation: numbers with intervals, predictions, plots, report. Written by evaluate."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.artifacts.judging.figures import (
    Advice,
    ClassFigures,
    Corrupted,
    Costs,
    DeletionTest,
    Explained,
    LitertFigures,
    Metric,
    Slice,
    TaskFigures,
)
from components.common.artifacts.records import InfoFolder
from components.common.errors import DataError
from components.common.labels.tasks import FittedTask
from components.common.report.texts import Language
from components.common.statistics.figures import Scored

# What a reader sees of the two versions that a candidate is compared with.
SERVES, BEST = "which serves now", "the best so far"
PREDICTION_COLUMNS = (
    "path",
    "sha256",
    "group",
    "domain",
    "target",  # int
    "predicted",  # int, the class that is answered, or would be if the model did not ask
    "asked",  # bool, the model asks instead
    # and one float column a class: "p_<class>", and of further tasks: see `tasks.answer_table`
)

_HELD_OUT = "held_out.parquet"
_FEATURES = "features"  # beside the columns of predictions


@dataclass(frozen=True, kw_only=True)
class EvaluationInfo:
    """The figures for the candidate and, if one serves, for the incumbent.

    `evidence` says on which pictures: those held out for testing, or all, by models that had not
    seen them (out-of-fold). `unseen` counts pictures that were left out because a compared model
    had seen them. Where too few others remained none were left out: `seen_by_start` counts those
    that the network which training began with had seen, so that the figures are no evidence, and
    `seen_by_incumbent` those that the incumbent had seen, so that it is not compared.
    `candidate_sha256` / `incumbent_sha256` are the digests of the two SavedModels;
    `incumbent_version` is 0 when nothing serves; with a version but no incumbent metrics, that
    version could not be scored and `notes` says why. `best_version` is the best version so far,
    which answers the same pictures; 0 where that is the incumbent. `hidden_groups` counts groups
    that nobody named, whose pictures straddle the splits: the figures are too good for new groups;
    0 where none were found. `unproven` are classes that no picture shows, so that no figure speaks
    of them. `notes` are sentences for a reader: what was left out, and what to be careful with.
    `language` is that of the report, which the gate completes.
    """

    classes: tuple[str, ...]
    positive: str
    pictures: int
    groups: int
    metrics: tuple[Metric, ...]
    incumbent_metrics: tuple[Metric, ...] = ()
    incumbent_version: int = 0
    best_version: int = 0
    candidate_sha256: str = ""
    incumbent_sha256: str = ""
    evidence: Literal["holdout", "cross_validation"] = "holdout"
    per_class: tuple[ClassFigures, ...] = ()
    slices: tuple[Slice, ...] = ()
    robustness: tuple[Corrupted, ...] = ()
    costs: Costs | None = None
    explanations: tuple[Explained, ...] = ()
    deletion_test: DeletionTest | None = None
    advice: Advice | None = None
    hidden_groups: int = 0
    unproven: tuple[str, ...] = ()
    litert: tuple[LitertFigures, ...] = ()
    tasks: tuple[FittedTask, ...] = ()
    task_figures: tuple[TaskFigures, ...] = ()
    unseen: int = 0
    seen_by_start: int = 0
    seen_by_incumbent: int = 0
    notes: tuple[str, ...] = ()
    language: Language = "en"


@dataclass(frozen=True)
class HeldOut:
    """Held-out pictures as the exported model answers and sees them, for the drift reference.

    answers: PREDICTION_COLUMNS and one probability column a class; of test and validation pictures,
        under cross-validation of all, by models that had not seen them.
    features: float32 [N, D], the exported model's own.
    """

    answers: pd.DataFrame
    features: npt.NDArray[np.float32]

    @classmethod
    def read(cls, folder: Path) -> "HeldOut":
        """Read from a folder.

        Raises:
            DataError: there is none, as in evaluations of earlier versions of Graft.
        """
        path = folder / _HELD_OUT
        if not path.exists():
            raise DataError(
                f"answers about held-out pictures in {folder}",
                received="an evaluation without them",
                do="run the evaluate step again",
            )
        table = pd.read_parquet(path)
        features = np.stack(table.pop(_FEATURES).to_list())
        return cls(table, features)

    def write(self, folder: Path) -> None:
        """Write into an existing folder."""
        self.answers.assign(**{_FEATURES: list(self.features)}).to_parquet(folder / _HELD_OUT)


@dataclass(frozen=True)
class Evaluation(InfoFolder[EvaluationInfo]):
    """A folder with `evaluation.json`, `predictions.parquet`, `report.html`, `plots/`."""

    FILE = "evaluation.json"
    INFO = EvaluationInfo

    def write(
        self,
        predictions: pd.DataFrame,
        incumbent: pd.DataFrame | None = None,
        best: pd.DataFrame | None = None,
        held_out: HeldOut | None = None,
    ) -> None:
        """Write record and predictions; report and plots are written by their modules."""
        self.root.mkdir(parents=True, exist_ok=True)
        predictions.to_parquet(self.root / "predictions.parquet")
        if incumbent is not None:
            incumbent.to_parquet(self.root / "incumbent_predictions.parquet")
        if best is not None:
            best.to_parquet(self.root / "best_predictions.parquet")
        if held_out is not None:
            held_out.write(self.root)
        self.write_info()

    def predictions(self) -> pd.DataFrame:
        """Return the candidate's predictions on the test split, in manifest order."""
        return pd.read_parquet(self.root / "predictions.parquet")

    def incumbent_predictions(self) -> pd.DataFrame | None:
        """Return the serving version's predictions on the same pictures, or None."""
        path = self.root / "incumbent_predictions.parquet"
        return pd.read_parquet(path) if path.exists() else None

    def best_predictions(self) -> pd.DataFrame | None:
        """Return those of the best version so far, or None; see `best_version`."""
        path = self.root / "best_predictions.parquet"
        return pd.read_parquet(path) if path.exists() else None

    def held_out(self) -> HeldOut:
        """Return all held-out pictures as the exported model sees them; raises as HeldOut.read."""
        return HeldOut.read(self.root)

    @property
    def plots(self) -> Path:
        """The folder of plots, PNG."""
        return self.root / "plots"


def known_classes(predictions: pd.DataFrame, classes: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the classes that a model answers: an earlier version may know fewer."""
    return tuple(name for name in classes if f"p_{name}" in predictions)


def probabilities(predictions: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return the probability columns in class order, float [N, classes].

    0 for a class that the model does not know, see `known_classes`.
    """
    return predictions.reindex(columns=[f"p_{name}" for name in classes], fill_value=0.0)


def scored(predictions: pd.DataFrame, classes: tuple[str, ...], positive: str = "") -> Scored:
    """Return the arrays that figures are computed from; `positive` "" averages over classes."""
    two = len(classes) == 2 and positive in classes
    return Scored(
        predictions["target"].to_numpy(dtype=np.int64),
        predictions["predicted"].to_numpy(dtype=np.int64),
        probabilities(predictions, classes).to_numpy(dtype=np.float64),
        classes.index(positive) if two else None,
    )
