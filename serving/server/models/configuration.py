"""What should be served: the models of a configuration, and their versions on disk."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from serving.protocol.status import invalid_argument

_NUMBER = re.compile(r"\d+", re.ASCII)
_INT64_MAX = 2**63 - 1


def checked_models(server_config: Any) -> list[Any]:
    """Return the ModelConfigs of a ModelServerConfig.

    Raises:
        StatusError: INVALID_ARGUMENT, worded as the original.
    """
    if server_config.WhichOneof("config") == "custom_model_config":
        raise invalid_argument("ModelServer does not yet support custom model config.")
    models = list(server_config.model_config_list.config)
    names = [model.name for model in models]
    for model in models:
        if names.count(model.name) > 1:
            raise invalid_argument(
                f"Illegal to list model {model.name} multiple times in config list"
            )
        if not Path(model.base_path).is_absolute():
            raise invalid_argument(
                f"Expected model {model.name} to have an absolute path or URI; "
                f"got base_path()={model.base_path}"
            )
        if model.model_platform != "tensorflow":
            raise invalid_argument(
                f'Expected model_platform: "tensorflow" for model {model.name}; '
                f'got "{model.model_platform}"'
            )
    return models


def discover(base_path: Path) -> dict[int, Path]:
    """Return version number -> directory for every child whose name is an int64.

    `007` is 7; `2.partial`, `tmp-3`, `.4` and `v5` are no versions.

    Raises:
        OSError: the base path cannot be listed; the caller then changes nothing.
    """
    with os.scandir(base_path) as entries:
        return {
            int(entry.name): Path(entry.path)
            for entry in entries
            if _NUMBER.fullmatch(entry.name) and int(entry.name) <= _INT64_MAX and entry.is_dir()
        }


def choose(found: Mapping[int, Path], policy: Any) -> dict[int, Path]:
    """Return the versions to serve by a ServableVersionPolicy; an absent one means the newest."""
    kind = policy.WhichOneof("policy_choice")
    if kind == "all":
        return dict(found)
    if kind == "specific":
        return {number: found[number] for number in policy.specific.versions if number in found}
    # 0 is proto3 for "not set".
    newest = sorted(found, reverse=True)[: policy.latest.num_versions or 1]
    return {number: found[number] for number in newest}
