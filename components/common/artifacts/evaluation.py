"""Evaluation: numbers with intervals, predictions, plots, report. Written by evaluate."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from components.common.artifacts.records import read_record, write_record
from components.common.statistics.figures import Scored

PREDICTION_COLUMNS = (
    "path",
    "sha256",
    "group",
    "domain",
    "target",  # int
    "predicted",  # int, the class that is answered, or would be if the model did not ask
    "asked",  # bool, the model asks instead
    # and one float column a class: "p_<class>"
)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure with its 95 % interval (cluster bootstrap over groups).

    `value` is NaN-free: a metric that cannot be computed is left out of the record.
    """

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Slice:
    """The candidate's figures on a part of the test split: one domain, or one kind of label."""

    name: str
    pictures: int
    groups: int
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, kw_only=True)
class EvaluationInfo:
    """The test split's figures for the candidate and, if one serves, for the incumbent.

    `candidate_sha256` / `incumbent_sha256` are the digests of the two SavedModels;
    `incumbent_version` is 0 when nothing serves; with a version but no incumbent metrics, that
    version could not be scored and `notes` says why. `notes` are sentences for a reader: what
    was left out, and what to be careful with.
    """

    classes: tuple[str, ...]
    positive: str
    pictures: int
    groups: int
    metrics: tuple[Metric, ...]
    incumbent_metrics: tuple[Metric, ...] = ()
    incumbent_version: int = 0
    candidate_sha256: str = ""
    incumbent_sha256: str = ""
    slices: tuple[Slice, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """A folder with `evaluation.json`, `predictions.parquet`, `report.html`, `plots/`."""

    root: Path
    info: EvaluationInfo

    @classmethod
    def read(cls, root: Path) -> "Evaluation":
        """Open the artifact at `root`."""
        return cls(root, read_record(root / "evaluation.json", EvaluationInfo))

    def write(self, predictions: pd.DataFrame, incumbent: pd.DataFrame | None = None) -> None:
        """Write record and predictions; report and plots are written by their modules."""
        self.root.mkdir(parents=True, exist_ok=True)
        predictions.to_parquet(self.root / "predictions.parquet")
        if incumbent is not None:
            incumbent.to_parquet(self.root / "incumbent_predictions.parquet")
        write_record(self.root / "evaluation.json", self.info)

    def predictions(self) -> pd.DataFrame:
        """Return the candidate's predictions on the test split, in manifest order."""
        return pd.read_parquet(self.root / "predictions.parquet")

    def incumbent_predictions(self) -> pd.DataFrame | None:
        """Return the serving version's predictions on the same pictures, or None."""
        path = self.root / "incumbent_predictions.parquet"
        return pd.read_parquet(path) if path.exists() else None

    @property
    def plots(self) -> Path:
        """The folder of plots, PNG."""
        return self.root / "plots"

    @property
    def report_path(self) -> Path:
        """The self-contained HTML report."""
        return self.root / "report.html"


def probabilities(predictions: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return the probability columns in class order, float [N, classes]."""
    return predictions[[f"p_{name}" for name in classes]]


def scored(predictions: pd.DataFrame, classes: tuple[str, ...], positive: str = "") -> Scored:
    """Return the arrays that figures are computed from; `positive` "" averages over classes."""
    two = len(classes) == 2 and positive in classes
    return Scored(
        predictions["target"].to_numpy(dtype=np.int64),
        predictions["predicted"].to_numpy(dtype=np.int64),
        probabilities(predictions, classes).to_numpy(dtype=np.float64),
        classes.index(positive) if two else None,
    )
