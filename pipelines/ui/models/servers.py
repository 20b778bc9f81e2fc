"""Whether model server and gateway answer, and what the server has loaded."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout

from components.common.errors import DeniedError, ServerError, UnreachableError
from serving.client import connect
from serving.client.answers import AVAILABLE
from serving.client.retry import Retry
from serving.protocol.addresses import connects
from serving.protocol.headers import read_api_key, request_headers

# A page waits for this answer.
_PATIENCE_S = 1.5

Liveness = Literal["up", "down", "no_server"]


@dataclass(frozen=True, kw_only=True)
class Servers:
    """Model server and gateway; `no_server` is a gateway that finds no model server behind it."""

    gateway: Liveness
    server: Liveness


async def servers_at(gateway: str, server: str) -> Servers:
    """Ask the gateway about itself and what is behind it; without a gateway, knock at the server.

    Args:
        gateway, server: addresses of their REST ports.
    """
    try:
        async with (
            ClientSession(timeout=ClientTimeout(total=_PATIENCE_S)) as session,
            session.get(f"{gateway.rstrip('/')}/gateway/health") as answer,
        ):
            state = await answer.json(content_type=None)
            behind = isinstance(state, dict) and state.get("upstream") == "reachable"
            return Servers(
                gateway="up" if behind else "no_server", server="up" if behind else "down"
            )
    except (ClientError, OSError, TimeoutError, ValueError):
        parts = urlsplit(server)
        alive = await connects(parts.hostname or "", parts.port or 80, timeout_s=_PATIENCE_S)
        return Servers(gateway="down", server="up" if alive else "down")


def loaded_version(addresses: tuple[str, ...], model: str) -> int | None:
    """Return the newest version that a server has loaded; 0 for none, None where nobody answers.

    Args:
        addresses: REST addresses, asked in turn until one answers.
        model: its name.
    """
    headers = request_headers(api_key=read_api_key(None))
    for address in addresses:
        with connect(
            address, model=model, timeout_s=_PATIENCE_S, retry=Retry(attempts=1), headers=headers
        ) as client:
            try:
                ready = [one.version for one in client.status() if one.state == AVAILABLE]
                return max(ready, default=0)
            except (UnreachableError, DeniedError):
                continue
            except ServerError:
                return 0  # it answers, and does not know the model
    return None
