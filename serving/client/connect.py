"""From an address as a user writes it to the client that speaks its protocol."""

from typing import Unpack

from serving.client.client import Client, ClientOptions
from serving.client.rest_client import RestClient


def connect(address: str, **options: Unpack[ClientOptions]) -> Client:
    """Return a client; nothing is sent yet.

    Args:
        address: `http://` or `https://` for REST; `grpc://`, `grpcs://` (TLS) or plain
            `HOST:PORT` for gRPC.
        options: `model`, `timeout_s`, `version`, `retry` and `headers`: see `Client`.

    Raises:
        ConfigError: the address has neither form, or a header cannot be sent.
    """
    if address.startswith(("http://", "https://")):
        return RestClient(address, **options)
    # Imported here so that a REST client needs neither grpc nor protobuf.
    from serving.client.grpc_client import GrpcClient

    return GrpcClient(address, **options)
