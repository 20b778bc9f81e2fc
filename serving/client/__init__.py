"""One client for every server that speaks TensorFlow Serving's APIs, over gRPC or REST.

connect     address -> client                    folders    files and folders of pictures
client      what both clients are                examples   copy-and-paste calls without Graft
grpc_client, rest_client, http_pool              retry, waiting   deadlines and patience
contract, answers   the tensors of an export, as types            error_messages
"""

from typing import TYPE_CHECKING, Any

from serving.client.answers import Features, Predictions, Signature, TensorSpec, VersionStatus
from serving.client.client import Client
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
