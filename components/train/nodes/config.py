"""Settings of a training that several nodes share."""

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class NodesConfig(Section):
    """What the train step asks of Kubeflow Trainer.

    count: of nodes, each with one process.
    runtime: the TrainingRuntime, in the namespace of the run.
    image: of the nodes; it has JAX.
    exchange: a folder that this step and the nodes see at one path.
    timeout_s: after which the nodes are stopped.
    requests: of each node, as {"memory": "16Gi"}.
    limits: of each node, as {"nvidia.com/gpu": "1"}.
    """

    count: Annotated[int, Field(ge=2)]
    runtime: str
    image: str
    exchange: Annotated[str, Field(pattern="^/")]
    timeout_s: Annotated[int, Field(ge=1)]
    requests: dict[str, str] = field(default_factory=dict)
    limits: dict[str, str] = field(default_factory=dict)
