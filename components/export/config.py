"""Settings of the export step."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from components.common.config import Section
from components.common.models.litert import LitertPrecision


@dataclass(frozen=True, kw_only=True)
class ExportConfig(Section):
    """How a candidate becomes a SavedModel.

    tolerance: largest allowed gap between a served and a trained probability, in (0, 1).
    decision_threshold: of two-class models: `decision` names the positive class from this
        probability upwards. 0 takes the threshold that follows from the two costs.
    good, escape_cost, false_alarm_cost, escape_rate, max_asked: those of `evaluate`, see there.
    model_name: the name that the warm-up requests carry.
    warmup_batch_sizes: pictures in each warm-up request; a server replays them before a version
        takes traffic, so name the sizes that clients or the server's batching use.
    parallel_decodes: pictures of one request that the graph decodes side by side.
    batch_size: pictures a call while the exported answers are checked.
    litert: files for small devices, written beside: "float32", "float16", "int8" (the extra
        `edge`).
    """

    tolerance: Annotated[float, Field(gt=0, lt=1)] = 1e-3
    decision_threshold: Annotated[float, Field(ge=0, lt=1)] = 0.0
    good: tuple[str, ...] = ()
    escape_cost: Annotated[float, Field(gt=0)] = 1.0
    false_alarm_cost: Annotated[float, Field(gt=0)] = 1.0
    escape_rate: Annotated[float, Field(ge=0, lt=1)] = 0.1
    max_asked: Annotated[float, Field(ge=0, le=1)] = 0.1
    model_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] = "model"
    warmup_batch_sizes: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = (1, 8)
    parallel_decodes: Annotated[int, Field(ge=1, le=256)] = 16
    batch_size: Annotated[int, Field(ge=1, le=1024)] = 8
    litert: tuple[LitertPrecision, ...] = ()
