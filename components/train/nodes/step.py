"""Train as `train` does, on several nodes, by a TrainJob of Kubeflow Trainer."""

from dataclasses import dataclass
from os import environ

from components.common.run_context import RunContext
from components.common.step import Step
from components.train.config import TrainConfig
from components.train.nodes.config import NodesConfig
from components.train.nodes.kubernetes import here
from components.train.nodes.launch import train_on_nodes
from components.train.step import TrainInputs, TrainOutputs


@dataclass(frozen=True, kw_only=True)
class NodesInputs(TrainInputs):
    """The Shards, and how many nodes, where, for how long."""

    nodes: NodesConfig


def run(
    settings: TrainConfig, inputs: NodesInputs, outputs: TrainOutputs, context: RunContext
) -> None:
    """Have the nodes train, and fetch the Candidate; `train_on_nodes` names the errors."""
    with here(environ) as api:
        train_on_nodes(
            inputs.shards, out=outputs.candidate, settings=settings, nodes=inputs.nodes, api=api
        )


STEP = Step("train", run)
