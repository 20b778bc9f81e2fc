"""Settings of the gate."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from components.common.config import Section

# Only figures where more is better: `at_least` has no meaning for a loss.
MetricName = Literal[
    "accuracy", "balanced_accuracy", "f1", "roc_auc", "average_precision", "harmonic_mean"
]
ComparedMetric = Literal["accuracy", "balanced_accuracy", "roc_auc"]


@dataclass(frozen=True, kw_only=True)
class Threshold(Section):
    """A minimum for one figure of the test split.

    Attributes:
        metric: the figure's name; "harmonic_mean" is that of zero-shot methods, with known classes
            treated as unseen.
        at_least: the smallest value that passes, in [0, 1].
    """

    metric: MetricName
    at_least: Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class GateConfig(Section):
    """When a candidate may be deployed.

    Attributes:
        thresholds: minimums that every candidate must reach, the first version too.
        primary_metric: what candidate and serving version are compared by. The default weighs
            every class alike, however rare, and is defined for two classes and for more.
        tolerance: how much may be lost against the best version so far, in all.
        confidence: how sure it must be that no more is lost, one-sided. With both defaults a
            candidate that is 5 points worse passes in at most 5 % of cases, however many pictures
            or groups there are; see docs/results.md for the others.
        compare_with_serving: False judges by the thresholds alone.
        litert_margin: how much a LiteRT file may lose against the SavedModel that it was made of,
            of the ROC-AUC (of the accuracy, where there is none).
        min_test_pictures: with fewer pictures to judge by the verdict is `insufficient`.
        min_per_class: the same for the pictures of each class. These minimums are for the first
            version; a comparison demands more by itself.
        min_groups: the same for the groups (modules, lots, sessions).
        model_base_path: folder of the served models, beside which verdicts are counted; "" counts
            none.
        model_name: the served model's name.
    """

    thresholds: tuple[Threshold, ...] = (Threshold(metric="balanced_accuracy", at_least=0.6),)
    primary_metric: ComparedMetric = "balanced_accuracy"
    tolerance: Annotated[float, Field(ge=0, le=1)] = 0.04
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    compare_with_serving: bool = True
    litert_margin: Annotated[float, Field(ge=0, le=1)] = 0.005
    min_test_pictures: Annotated[int, Field(ge=1)] = 30
    min_per_class: Annotated[int, Field(ge=1)] = 5
    min_groups: Annotated[int, Field(ge=2)] = 5
    model_base_path: str = ""
    model_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] = "model"
