"""Settings of the gate."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from components.common.config import Section

# Only figures where more is better: `at_least` has no meaning for a loss.
MetricName = Literal["accuracy", "balanced_accuracy", "f1", "roc_auc", "average_precision"]
ComparedMetric = Literal["accuracy", "balanced_accuracy", "roc_auc"]


@dataclass(frozen=True, kw_only=True)
class Threshold(Section):
    """A minimum for one figure of the test split.

    Attributes:
        metric: the figure's name.
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
        tolerance: how much lower than the serving version's figure is still "not worse".
        compare_with_serving: False judges by the thresholds alone.
        min_test_pictures: with fewer test pictures there is not enough evidence.
        min_per_class: the same for the pictures of each class.
        min_groups: the same for the groups (modules, lots, sessions).
        confidence: the share of the paired bootstrap that its interval holds.
        resamples: rounds of the paired bootstrap.
        seed: where the bootstrap's random stream starts.
    """

    thresholds: tuple[Threshold, ...] = (Threshold(metric="balanced_accuracy", at_least=0.6),)
    primary_metric: ComparedMetric = "balanced_accuracy"
    tolerance: Annotated[float, Field(ge=0, le=1)] = 0.02
    compare_with_serving: bool = True
    min_test_pictures: Annotated[int, Field(ge=1)] = 30
    min_per_class: Annotated[int, Field(ge=1)] = 5
    min_groups: Annotated[int, Field(ge=2)] = 5
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    resamples: Annotated[int, Field(ge=100, le=100_000)] = 2000
    seed: Annotated[int, Field(ge=0)] = 0
