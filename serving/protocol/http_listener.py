"""aiohttp's low-level server, so that every path and body is its handler's to judge."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

_BACKLOG = 4096

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def listener(handler: Handler, *, log: str, drain_s: float, max_bytes: int) -> web.ServerRunner:
    """Return a listener whose `cleanup` lets requests under way finish, for `drain_s` at most."""

    def make_request(
        message: Any, payload: Any, protocol: RequestHandler, writer: Any, task: Any
    ) -> web.BaseRequest:
        loop = asyncio.get_running_loop()
        return web.BaseRequest(
            message, payload, protocol, writer, task, loop, client_max_size=max_bytes
        )

    server = web.Server(
        handler,
        request_factory=make_request,
        handler_cancellation=True,
        access_log=None,
        auto_decompress=False,
        logger=logging.getLogger(log),
    )
    return web.ServerRunner(server, shutdown_timeout=drain_s)


async def open_port(
    listener: web.ServerRunner, *, host: str, port: int, tls: ssl.SSLContext | None = None
) -> int:
    """Open the port and return its number.

    Raises:
        OSError: it is taken.
    """
    await listener.setup()
    await web.TCPSite(listener, host, port, backlog=_BACKLOG, ssl_context=tls).start()
    return int(listener.addresses[0][1])


async def ask_for_body(request: web.BaseRequest) -> None:
    """Say that the body may come: curl waits a second for this before it sends a large one."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
