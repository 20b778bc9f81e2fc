"""The list of models in a ModelServerConfig, checked."""

from pathlib import Path
from typing import Any

from serving.protocol.status import invalid_argument


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
