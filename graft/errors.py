"""Every error that Graft raises on purpose; the tree stands in `GraftError`'s module."""

from components.common.errors import (
    ConfigError,
    DataError,
    DeniedError,
    ExportError,
    GraftError,
    InputError,
    PublishError,
    RequestError,
    ServerError,
    UnreachableError,
    WeightsError,
)

__all__ = [
    "ConfigError",
    "DataError",
    "DeniedError",
    "ExportError",
    "GraftError",
    "InputError",
    "PublishError",
    "RequestError",
    "ServerError",
    "UnreachableError",
    "WeightsError",
]
