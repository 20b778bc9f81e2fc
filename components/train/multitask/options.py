"""Settings of a shared trunk; nothing here imports Keras."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from components.train.options import ClassWeight, ProbeOptions

Sharing = Literal[
    "hard",
    "cross_stitch",
    "sluice",
    "uncertainty",
    "tensor_factorisation",
    "low_supervision",
    "joint_many_task",
    "adaptive_sharing",
]


@dataclass(frozen=True, kw_only=True)
class SharedOptions(ProbeOptions):
    """Settings of multitask learning, besides those of the probes that it starts from.

    sharing: what tasks see of each other, see `multitask/sharing.py`.
    width: of each hidden layer.
    dropout: behind each of them.
    epochs: passes over the pictures.
    batch: pictures a step.
    learning_rate: at the start; it falls along a cosine.
    weight_decay: decoupled (AdamW).
    weight_of_others: of the loss of each further task, where that of the class is 1.
    class_weight: "balanced" lets every class count the same; of the class, not of further tasks.
    """

    sharing: Sharing = "hard"
    width: Annotated[int, Field(ge=2, le=4096)] = 256
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    epochs: Annotated[int, Field(ge=1, le=1000)] = 30
    batch: Annotated[int, Field(ge=1, le=4096)] = 64
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 1e-2
    weight_of_others: Annotated[float, Field(gt=0, le=10)] = 0.3
    class_weight: ClassWeight = "none"
