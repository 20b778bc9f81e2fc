"""The settings of a train step that has several nodes train, out of the section `cluster`."""

from typing import Any

from components.common import config
from components.common.images import GPU_IMAGE
from components.train.nodes.config import NodesConfig
from pipelines.cluster.config import ClusterConfig


def nodes_section(cluster: ClusterConfig) -> dict[str, Any]:
    """Return the NodesConfig as a STRUCT; {} where the step trains in its own pod."""
    nodes, resources = cluster.train_nodes, cluster.training_resources
    if nodes.count == 1:
        return {}
    limits = {"cpu": resources.cpu_limit, "memory": resources.memory_limit}
    if cluster.accelerator.count:
        limits[cluster.accelerator.resource] = str(cluster.accelerator.count)
    return config.to_plain(
        NodesConfig(
            count=nodes.count,
            runtime=nodes.runtime,
            # Of the two images the one with JAX, without a GPU as well.
            image=GPU_IMAGE,
            exchange=nodes.exchange,
            timeout_s=nodes.timeout_s,
            requests=_said({"cpu": resources.cpu_request, "memory": resources.memory_request}),
            limits=_said(limits),
        )
    )


def _said(amounts: dict[str, str]) -> dict[str, str]:
    return {name: amount for name, amount in amounts.items() if amount}
