"""One client for every server that speaks TensorFlow Serving's APIs, over gRPC or REST."""

from typing import TYPE_CHECKING, Any

from serving.client.answers import (
    Client,
    Features,
    Predictions,
    Signature,
    TensorSpec,
    VersionStatus,
)
from serving.client.connect import connect
from serving.client.rest_client import RestClient

if TYPE_CHECKING:
    from serving.client.grpc_client import GrpcClient

__all__ = [
    "Client",
    "Features",
    "GrpcClient",
    "Predictions",
    "RestClient",
    "Signature",
    "TensorSpec",
    "VersionStatus",
    "connect",
]


def __getattr__(name: str) -> Any:
    # Only who uses gRPC needs the grpc package.
    if name == "GrpcClient":
        from serving.client.grpc_client import GrpcClient

        return GrpcClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
