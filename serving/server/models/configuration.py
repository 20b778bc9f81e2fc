"""The list of models in a ModelServerConfig, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving.protocol.status import invalid_argument
from serving.server.models.versions_on_disk import VersionPolicy, policy_from_proto


@dataclass(frozen=True)
class ModelConfig:
    """One model of the configuration; `labels` are names for versions."""

    name: str
    base_path: str
    policy: VersionPolicy
    labels: Mapping[str, int]


def read_configs(server_config: Any) -> list[ModelConfig]:
    """Return the models of a ModelServerConfig.

    Raises:
        StatusError: INVALID_ARGUMENT, worded as the original.
    """
    if server_config.WhichOneof("config") == "custom_model_config":
        raise invalid_argument("ModelServer does not yet support custom model config.")
    configs: list[ModelConfig] = []
    for proto in server_config.model_config_list.config:
        if any(config.name == proto.name for config in configs):
            raise invalid_argument(
                f"Illegal to list model {proto.name} multiple times in config list"
            )
        if not Path(proto.base_path).is_absolute():
            raise invalid_argument(
                "Expected model "
                f"{proto.name} to have an absolute path or URI; got base_path()={proto.base_path}"
            )
        if proto.model_platform != "tensorflow":
            raise invalid_argument(
                f'Expected model_platform: "tensorflow" for model {proto.name}; '
                f'got "{proto.model_platform}"'
            )
        policy = policy_from_proto(proto.model_version_policy)
        labels = dict(proto.version_labels)
        configs.append(ModelConfig(proto.name, proto.base_path, policy, labels))
    return configs
