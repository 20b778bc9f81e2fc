"""The section `cluster`: what the pods of a pipeline need on Kubernetes. Empty, it adds nothing."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import Field

from components.common.config import Section
from pipelines.cluster.spec.syntax import (
    ArtifactRoot,
    Cpu,
    DataKey,
    LabelKey,
    LabelValue,
    Memory,
    MountPath,
    MountPathOrNone,
    ObjectName,
    PageAddress,
    SubPath,
    VariableName,
    cores,
    memory_bytes,
)

DAY_S = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Volume(Section):
    """A persistent volume claim, mounted in every step.

    claim: its name; it must be there, and ReadWriteMany when steps run on several nodes.
    path: where steps see it; `ingest.path` and `model_base_path` may point below.
    sub_path: the folder inside the volume; "" is all of it.
    """

    claim: ObjectName
    path: MountPath
    sub_path: SubPath = ""


@dataclass(frozen=True, kw_only=True)
class Variables(Section):
    """Environment variables from a secret or a config map.

    name: the secret's or config map's.
    keys: its keys, each with the variable that gets its value.
    optional: steps start without it as well.
    """

    name: ObjectName
    keys: Annotated[dict[DataKey, VariableName], Field(min_length=1)]
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class Toleration(Section):
    """Lets pods stand on nodes with a taint.

    key: the taint's; "" with the operator Exists means every taint.
    operator: Equal compares the value, Exists does not.
    value: the taint's, for Equal; none with Exists.
    effect: "" means all of them.
    """

    key: Literal[""] | LabelKey = ""
    operator: Literal["Equal", "Exists"] = "Equal"
    value: LabelValue = ""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""

    def __post_init__(self) -> None:
        if self.operator == "Exists" and self.value:
            raise ValueError("no value beside operator Exists, or operator Equal")
        if self.operator == "Equal" and not self.key:
            raise ValueError("a key beside operator Equal, or operator Exists")


@dataclass(frozen=True, kw_only=True)
class Resources(Section):
    """CPU and memory of a step's pod; "" asks for and limits nothing.

    cpu_request, cpu_limit: processors, such as "2" or "500m"; the limit not below the request.
    memory_request, memory_limit: such as "4Gi"; the limit not below the request.
    """

    cpu_request: Cpu = ""
    cpu_limit: Cpu = ""
    memory_request: Memory = ""
    memory_limit: Memory = ""

    def __post_init__(self) -> None:
        if self.cpu_request and self.cpu_limit and cores(self.cpu_request) > cores(self.cpu_limit):
            raise ValueError("a cpu_request that is no more than the cpu_limit")
        both = self.memory_request and self.memory_limit
        if both and memory_bytes(self.memory_request) > memory_bytes(self.memory_limit):
            raise ValueError("a memory_request that is no more than the memory_limit")


@dataclass(frozen=True, kw_only=True)
class Retries(Section):
    """How often a failed step is tried again. Never deploy and notify: they act on the world.

    count: attempts after the first one.
    wait_s: before the first retry.
    factor: each further wait is so many times longer than the one before.
    longest_wait_s: no retry waits longer.
    """

    count: Annotated[int, Field(ge=0, le=10)] = 0
    wait_s: Annotated[int, Field(ge=0, le=3600)] = 30
    factor: Annotated[float, Field(ge=1.0, le=10.0)] = 2.0
    longest_wait_s: Annotated[int, Field(ge=0, le=DAY_S)] = 600


@dataclass(frozen=True, kw_only=True)
class Accelerator(Section):
    """What training steps (train, rank, train-finalist) get to compute with.

    resource: as the device plugin names it.
    count: how many for each training step's pod; 0 trains on the CPU, in the CPU image.
    node_selector: labels of the nodes that have it.
    """

    resource: LabelKey = "nvidia.com/gpu"
    count: Annotated[int, Field(ge=0, le=16)] = 0
    node_selector: dict[LabelKey, LabelValue] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TrainNodes(Section):
    """Training by several nodes, a TrainJob of Kubeflow Trainer. A tuning's finalists: never.

    count: how many nodes; 1 trains in the step's own pod.
    runtime: the TrainingRuntime; what nodes mount, tolerate and select stands there.
    exchange: a folder in one of `volumes`, which the runtime mounts at the same path: shards and
        candidate go through it.
    timeout_s: after which the nodes are stopped; the wait for them counts.
    """

    count: Annotated[int, Field(ge=1, le=64)] = 1
    runtime: ObjectName = "graft-jax"
    exchange: MountPathOrNone = ""
    timeout_s: Annotated[int, Field(ge=60, le=30 * DAY_S)] = DAY_S

    def __post_init__(self) -> None:
        if self.count > 1 and not self.exchange:
            raise ValueError("a folder in train_nodes.exchange, as '/data/exchange'")


@dataclass(frozen=True, kw_only=True)
class ClusterConfig(Section):
    """What is added to a pipeline's pods when it is compiled for Kubeflow.

    artifact_root: where artifacts go: s3://, minio:// or gs://; "" is the server's own store.
    ui: address of Kubeflow's own pages as people reach them; messages and passports link to runs
        there.
    volumes: persistent volume claims, for pictures, published models and the prediction log.
    secrets: environment variables from secrets.
    config_maps: environment variables from config maps.
    resources: CPU and memory of every step but training.
    training_resources: CPU and memory of training steps.
    accelerator: GPUs of training steps.
    train_nodes: training by several nodes, each with the training resources and accelerators.
    tolerations: taints that training steps tolerate.
    shared_memory: size of /dev/shm in training steps; "" leaves Kubernetes' 64 MiB.
    image_pull_policy: "" leaves Kubernetes' own rule.
    image_pull_secrets: for a registry that wants a login.
    timeout_s: after which a step's pod is stopped; 0 is never.
    retries: of failed steps.
    labels: put on every pod.
    """

    artifact_root: ArtifactRoot = ""
    ui: PageAddress = ""
    volumes: tuple[Volume, ...] = ()
    secrets: tuple[Variables, ...] = ()
    config_maps: tuple[Variables, ...] = ()
    resources: Resources = Resources()
    training_resources: Resources = Resources()
    accelerator: Accelerator = Accelerator()
    train_nodes: TrainNodes = TrainNodes()
    tolerations: tuple[Toleration, ...] = ()
    shared_memory: Memory = ""
    image_pull_policy: Literal["", "Always", "IfNotPresent", "Never"] = ""
    image_pull_secrets: tuple[ObjectName, ...] = ()
    timeout_s: Annotated[int, Field(ge=0, le=30 * DAY_S)] = 0
    retries: Retries = Retries()
    labels: dict[LabelKey, LabelValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        paths = [volume.path.rstrip("/") for volume in self.volumes]
        if len(set(paths)) < len(paths):
            raise ValueError("a path of its own for each volume")
        exchange = self.train_nodes.exchange
        if exchange and not any(exchange.startswith(f"{path}/") for path in paths):
            raise ValueError("train_nodes.exchange as a folder inside one of volumes")
        if self.train_nodes.count > 1:
            self._check_nodes()
        sources = (*self.secrets, *self.config_maps)
        variables = [variable for source in sources for variable in source.keys.values()]
        if len(set(variables)) < len(variables):
            raise ValueError("an environment variable of its own for each key")

    def shares(self, path: str) -> bool:
        """Say whether all steps see a path, because it lies in one of the volumes."""
        parts = PurePosixPath(path)
        return ".." not in parts.parts and any(
            parts.is_relative_to(PurePosixPath(volume.path)) for volume in self.volumes
        )

    def _check_nodes(self) -> None:
        exchange, longest_s = self.train_nodes.exchange, self.train_nodes.timeout_s
        around = [one for one in self.volumes if exchange.startswith(f"{one.path.rstrip('/')}/")]
        if max(around, key=lambda one: len(one.path)).sub_path:
            raise ValueError(
                "no sub_path of the volume that train_nodes.exchange lies in, since nodes mount "
                "the whole claim there"
            )
        if 0 < self.timeout_s <= longest_s:
            raise ValueError(
                f"a timeout_s above train_nodes.timeout_s ({longest_s}), which the train step "
                "waits for, or 0"
            )
