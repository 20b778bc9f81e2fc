"""One client for every server that speaks TensorFlow Serving's APIs, over gRPC or REST.

connect     address -> client                    folders    files and folders of pictures
client      what both clients are                examples   copy-and-paste calls without Graft
grpc_client, rest_client, http_pool              retry      deadlines and patience
contract, answers   the tensors of an export, as types      error_messages
"""

from serving.client.answers import Features, Predictions, Signature, TensorSpec, VersionStatus
from serving.client.client import Client
from serving.client.connect import connect

__all__ = [
    "Client",
    "Features",
    "Predictions",
    "Signature",
    "TensorSpec",
    "VersionStatus",
    "connect",
]
