"""From an address as a user writes it to the client that speaks its protocol."""

from collections.abc import Mapping

from serving.client.client import DEFAULT_TIMEOUT_S, Client
from serving.client.rest_client import RestClient


def connect(
    address: str,
    *,
    model: str,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    version: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Client:
    """Return a client; nothing is sent yet.

    Args:
        address: `http://` or `https://` for REST; `grpc://`, `grpcs://` (TLS) or plain
            `HOST:PORT` for gRPC.
        model: the model's name.
        timeout_s: deadline of one call with all its retries, in seconds.
        version: the version that must answer; None is the newest at each call.
        headers: sent with every request: the gateway's API key, the group, line and camera that
            the pictures are from; `serving.protocol.headers.request_headers` names them.

    Raises:
        ConfigError: the address has neither form, or a header cannot be sent.
    """
    if address.startswith(("http://", "https://")):
        return RestClient(
            address, model=model, timeout_s=timeout_s, version=version, headers=headers
        )
    # Imported here so that a REST client needs neither grpc nor protobuf.
    from serving.client.grpc_client import GrpcClient

    return GrpcClient(address, model=model, timeout_s=timeout_s, version=version, headers=headers)
