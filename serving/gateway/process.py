"""The gateway process: open the ports, pass through, drain."""

import asyncio
import logging
import signal

from components.common.errors import ServerError
from serving.gateway.log.log_queue import LogQueue
from serving.gateway.proxy.access import Access
from serving.gateway.proxy.admission import Admission
from serving.gateway.proxy.context import ProxyContext
from serving.gateway.proxy.grpc_proxy import GrpcProxy
from serving.gateway.proxy.http_proxy import HttpProxy
from serving.gateway.proxy.metrics import GatewayMetrics
from serving.gateway.proxy.pages import METRICS, Pages
from serving.gateway.settings import MIB, GatewaySettings, check
from serving.protocol.tls import Certificate

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


async def _serve(settings: GatewaySettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    metrics = GatewayMetrics()
    log_queue = LogQueue(settings) if settings.logging else None
    if log_queue is not None:
        log_queue.show(metrics)
    pages = Pages(
        upstream=settings.upstream, metrics=metrics, log_queue=log_queue, models=settings.models
    )
    admission = Admission(most=settings.in_flight, most_bytes=settings.in_flight_mib * MIB)
    admission.show(metrics)
    context = ProxyContext(
        settings=settings,
        access=Access(settings.api_keys, settings.api_key_file),
        admission=admission,
        certificate=_certificate(settings),
        metrics=metrics,
        log_queue=log_queue,
    )
    http = HttpProxy(context, pages)
    grpc = GrpcProxy(context) if settings.upstream_grpc else None
    try:
        if log_queue is not None:
            await log_queue.start()
            await log_queue.wait_ready()
        await _open_ports(http, grpc, settings)
        await stop.wait()
        _LOG.info("draining: no new requests, up to %g s", settings.drain_s)
    finally:
        pages.draining = True
        await asyncio.gather(http.drain(), *([grpc.drain()] if grpc is not None else []))
        if log_queue is not None:
            await log_queue.drain(timeout_s=settings.drain_s)


async def _open_ports(http: HttpProxy, grpc: GrpcProxy | None, settings: GatewaySettings) -> None:
    try:
        port, metrics_port = await http.start()
    except OSError as error:
        raise ServerError(
            f"the ports {settings.port} and {settings.metrics_port} of {settings.host} to be free",
            received=error,
            do="choose another --port or --metrics-port",
        ) from None
    scheme = "http" if settings.tls_cert is None else "https"
    _LOG.info("REST %s://%s:%d passes on to %s", scheme, settings.host, port, settings.upstream)
    _LOG.info("metrics http://%s:%d%s", settings.host, metrics_port, METRICS)
    if grpc is not None:
        port = await grpc.start()
        _LOG.info("gRPC %s:%d passes on to %s", settings.host, port, settings.upstream_grpc)
    _LOG.info("ready")


def _certificate(settings: GatewaySettings) -> Certificate | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return Certificate(settings.tls_cert, settings.tls_key)
