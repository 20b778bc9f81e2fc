"""The figures of an evaluation: one record for each kind, as `evaluation.json` holds them."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure with its interval, 95 % in records, which keeps groups of pictures together.

    `value` is NaN-free: a metric that cannot be computed is left out of the record.
    """

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class ClassFigures:
    """One class against the rest: precision, recall, f1, roc_auc, where they can be computed.

    `pictures` and `groups` are those of the class.
    """

    name: str
    pictures: int
    groups: int
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, kw_only=True)
class Slice:
    """The candidate's figures on a part of the pictures.

    kind: what the part shares: a domain, the certainty of its labels, a value of a manifest column
        or of a measured fact (`name` is then "column: value"), or a cluster of alike pictures.
    difference: accuracy of the part minus that of the other pictures; None where there is none.
    worse: the difference is below zero with evidence, however many parts were looked at.
    examples: Dataset paths of pictures of the part, mistakes first.
    """

    name: str
    pictures: int
    groups: int
    metrics: tuple[Metric, ...]
    kind: Literal["domain", "certainty", "column", "cluster"] = "domain"
    difference: Metric | None = None
    worse: bool = False
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Corrupted:
    """Accuracy on pictures that one fault of a camera was put on.

    name: of the fault, as in `pictures.corruptions`; severity: 1 to 5.
    pictures: how many were looked at, a sample of each class.
    change: accuracy minus that of the same pictures as they are; the interval is paired.
    """

    name: str
    severity: int
    pictures: int
    metric: Metric
    change: Metric


@dataclass(frozen=True, kw_only=True)
class CallTime:
    """Time of one call of the exported model with `batch` pictures, on this machine."""

    batch: int
    median_ms: float
    p95_ms: float


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What the exported model costs to keep and to ask; `parameters` counts all weights."""

    latency: tuple[CallTime, ...]
    size_bytes: int
    parameters: int


@dataclass(frozen=True, kw_only=True)
class Explained:
    """Where the model looked, for one picture.

    heat_map: PNG below the evaluation's `plots/`.
    probability: of the answered class, in [0, 1].
    drop, random_drop: how far it falls when the part that matters most is blanked, and when parts
        of the same size elsewhere are (mean).
    """

    path: str
    truth: str
    predicted: str
    probability: float
    heat_map: str
    drop: float
    random_drop: float


@dataclass(frozen=True, kw_only=True)
class DeletionTest:
    """Whether the heat maps show what matters: mean `drop` minus mean `random_drop`.

    The maps can be believed where the interval of `difference` lies above zero.
    """

    pictures: int
    drop: float
    random_drop: float
    difference: Metric


@dataclass(frozen=True, kw_only=True)
class LearningPoint:
    """Share of a class found (the mean over classes, `name` "") after so much training data.

    pictures: that were trained on, of this class, or of all.
    low, high: 80 % interval for other pictures of the same groups.
    """

    name: str
    pictures: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What more pictures of a class (of all, `name` "") would bring, if the others grow alike.

    pictures: there now; added: more of them.
    value, low, high: the share found then (its mean over classes, `name` ""), with an 80 %
        interval for pictures of the groups that are there; other groups can lie further away.
    gain, gain_low, gain_high: beyond what is found now.
    saturated: more pictures bring less than a point.
    """

    name: str
    pictures: int
    added: int
    value: float
    low: float
    high: float
    gain: float
    gain_low: float
    gain_high: float
    saturated: bool


@dataclass(frozen=True, kw_only=True)
class Advice:
    """The label advisor: learning curves, what they promise, and that in sentences."""

    curve: tuple[LearningPoint, ...]
    forecasts: tuple[Forecast, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LitertFigures:
    """What a LiteRT file answers, beside the SavedModel, about the same pictures.

    name: float16 or int8. metrics: accuracy and ROC-AUC of the file; model_metrics: of the model.
    same_answers: share of the pictures. network_ms: one view on one thread of this machine.
    robustness: of the file.
    """

    name: str
    size_bytes: int
    pictures: int
    metrics: tuple[Metric, ...]
    model_metrics: tuple[Metric, ...]
    same_answers: float
    network_ms: float
    robustness: tuple[Corrupted, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TaskFigures:
    """Figures of a further task, or of one class of a multi-label task: `name` says which.

    `pictures` and `groups` are those whose label of it is known. `incumbent_metrics` are those of
    the serving version, () where it does not answer the task.
    """

    name: str
    pictures: int
    groups: int
    metrics: tuple[Metric, ...]
    incumbent_metrics: tuple[Metric, ...] = ()
