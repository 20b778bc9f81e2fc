"""Export: what TF Serving loads, and its passport. Written by export, copied by deploy."""

from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.records import RecordFolder
from components.common.labels.tasks import FittedTask
from components.common.pictures.fit import Fit
from components.common.pictures.grey_range import FULL, GreyRange
from components.common.statistics.operating_point import OperatingPoint

SIGNATURE_BYTES = "serving_default"
SIGNATURE_PIXELS = "pixels"
SIGNATURE_FEATURES = "features"
# No signature: a function of the loaded model that gives what the first and the last of these do.
DESCRIBED = "described"

INPUT_BYTES = "image_bytes"
INPUT_PIXELS = "pixels"
OUTPUT_PROBABILITIES = "probabilities"
OUTPUT_CLASSES = "classes"
OUTPUT_DECISION = "decision"
OUTPUT_ANSWER = "answer"
OUTPUT_FEATURES = "features"
# How the names of outputs end that answer a further task, after its own name.
TASK_PROBABILITIES = "_probabilities"
TASK_CLASSES = "_classes"


@dataclass(frozen=True, kw_only=True)
class EscapePromise:
    """What keeping the promised escape rate costs, measured on held-out pictures.

    An escape is a defect that is answered as good without asking. All figures are shares in [0, 1].

    rate: the promised share of the defects.
    escapes: their share that escapes if the model never asks.
    asked: share of all pictures that the model must ask about to keep the promise.
    kept: the model asks; False where that would be more than `export.max_asked` allows.
    """

    rate: float
    escapes: float
    asked: float
    kept: bool


@dataclass(frozen=True, kw_only=True)
class ExportInfo:
    """Facts of an exported model.

    `max_difference` is the largest gap between an exported and a trained probability.
    `decision_threshold` is the operating point of two-class models, on the positive class.
    `operating_point` says when a defect is answered and when the model asks; `promise` what the
    asking is good for, None where no good class is known or nothing was promised.
    `tasks` are further ones, each with two outputs of its own.
    `model_sha256` is `tree_sha256` of the SavedModel folder, so of any copy too: equal digests,
    equal models.
    `fit` is how pictures become square, `grey_range` the levels that 16-bit grey pictures have.
    """

    classes: tuple[str, ...]
    positive: str
    backbone: str
    method: str
    image_size_px: int
    max_difference: float
    model_sha256: str
    decision_threshold: float = 0.5
    operating_point: OperatingPoint = OperatingPoint()
    promise: EscapePromise | None = None
    tasks: tuple[FittedTask, ...] = ()
    fit: Fit = "squeeze"
    grey_range: GreyRange = FULL


@dataclass(frozen=True)
class Export(RecordFolder[ExportInfo]):
    """A folder with `saved_model/` and `export.json`."""

    FILE = "export.json"
    INFO = ExportInfo

    @property
    def saved_model(self) -> Path:
        """The folder that becomes a version."""
        return self.root / "saved_model"
