"""Settings of `plan`."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class PlanConfig(Section):
    """How many of the ranked candidates are fine-tuned.

    budget_min: minutes for the whole of `graft tune`, from its start.
    finalists: how many are fine-tuned at most.
    reserve_min: of the budget, minutes kept for select, export, evaluate, gate and deploy.
    parallelism: finalists trained side by side. They share the processors of a machine, so on
        a small one this does not save time; `kfp.local` runs at most two whatever it says.
    """

    budget_min: Annotated[float, Field(gt=0, le=60 * 24 * 30)] = 30.0
    # No more than the step cache keeps of a step, so that a stopped run finds all of them again.
    finalists: Annotated[int, Field(ge=1, le=8)] = 4
    reserve_min: Annotated[float, Field(ge=0)] = 2.5
    parallelism: Annotated[int, Field(ge=1, le=64)] = 1
