"""Addresses of servers, as users write them, and who is there."""

import asyncio
import ipaddress

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


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def connects(host: str, port: int, *, timeout_s: float) -> bool:
    """Return whether somebody takes connections there; nothing is sent."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), timeout_s)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
