"""Addresses of gRPC servers, as users write them."""

from components.common.errors import ConfigError


def grpc_target(address: str) -> tuple[str, bool]:
    """Return HOST:PORT and whether TLS is wanted: `grpcs://` says so, `grpc://` and none do not.

    Raises:
        ConfigError: the address has no port, or another scheme.
    """
    scheme, found, rest = address.rpartition("://")
    target = rest.rstrip("/")
    host, colon, port = target.rpartition(":")
    if (found and scheme not in {"grpc", "grpcs"}) or not (host and colon and port.isdigit()):
        form = "http://HOST:PORT, grpc://HOST:PORT or HOST:PORT"
        raise ConfigError(form, received=f"'{address}'", do="correct the address")
    return target, scheme == "grpcs"
