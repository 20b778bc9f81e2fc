"""The gateway process: open the ports, pass through, drain."""

import asyncio
import logging
import signal
from dataclasses import dataclass

from components.common.errors import ServerError
from serving.gateway.log.log_queue import LogQueue
from serving.gateway.proxy.access import Access
from serving.gateway.proxy.context import ProxyContext
from serving.gateway.proxy.grpc_proxy import GrpcProxy
from serving.gateway.proxy.http_proxy import HttpProxy
from serving.gateway.proxy.metrics import GatewayMetrics
from serving.gateway.proxy.pages import Pages
from serving.gateway.proxy.routes import PlainRoute, Route, Upstream
from serving.gateway.settings import GatewaySettings, check

_LOG = logging.getLogger(__name__)


def run(settings: GatewaySettings) -> None:
    """Pass requests through until SIGTERM or SIGINT, then drain.

    Raises:
        ConfigError: a setting cannot work.
        ServerError: a port is taken.
    """
    import uvloop

    check(settings)
    uvloop.run(_serve(settings))


@dataclass(frozen=True)
class _Parts:
    pages: Pages
    http: HttpProxy
    grpc: GrpcProxy | None
    log_queue: LogQueue | None


async def _serve(settings: GatewaySettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    parts = _build(settings, PlainRoute(Upstream(settings.upstream, settings.upstream_grpc)))
    try:
        await _start(parts, settings)
        await stop.wait()
        _LOG.info("draining: no new requests, up to %g s", settings.drain_s)
    finally:
        parts.pages.draining = True
        await _drain(parts, settings)


def _build(settings: GatewaySettings, route: Route) -> _Parts:
    log_queue = LogQueue(settings) if settings.logging else None
    metrics = GatewayMetrics()
    if log_queue is not None:
        metrics.counts(log_queue.counts)
        metrics.gauge("queue_bytes", lambda: log_queue.waiting_bytes)
    pages = Pages(upstream=settings.upstream, metrics=metrics, log_queue=log_queue)
    context = ProxyContext(
        settings=settings,
        route=route,
        access=Access(settings.api_key),
        metrics=metrics,
        log_queue=log_queue,
    )
    http = HttpProxy(context, pages)
    grpc = GrpcProxy(context) if settings.upstream_grpc else None
    return _Parts(pages, http, grpc, log_queue)


async def _start(parts: _Parts, settings: GatewaySettings) -> None:
    if parts.log_queue is not None:
        await parts.log_queue.start()
        await parts.log_queue.wait_ready()
    try:
        port = await parts.http.start()
    except OSError as error:
        raise ServerError(
            f"{settings.host}:{settings.port} to be free",
            received=error,
            do="choose another --port",
        ) from None
    _LOG.info("REST http://%s:%d passes on to %s", settings.host, port, settings.upstream)
    if parts.grpc is not None:
        port = await parts.grpc.start()
        _LOG.info("gRPC %s:%d passes on to %s", settings.host, port, settings.upstream_grpc)
    _LOG.info("ready")


async def _drain(parts: _Parts, settings: GatewaySettings) -> None:
    grpc = [parts.grpc.drain()] if parts.grpc is not None else []
    await asyncio.gather(parts.http.drain(), *grpc)
    if parts.log_queue is not None:
        await parts.log_queue.drain(timeout_s=settings.drain_s)
