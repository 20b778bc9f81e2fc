"""The gateway's own pages: /gateway/health, /gateway/ready, /gateway/metrics."""

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from components.common.store_figures import figures_page
from serving.gateway.log.log_queue import LogQueue
from serving.gateway.proxy.metrics import GatewayMetrics
from serving.protocol.addresses import connects

HEALTH, READY, METRICS = "/gateway/health", "/gateway/ready", "/gateway/metrics"
# TensorFlow Serving's own, where its monitoring.config puts it.
SERVER_METRICS = "/monitoring/prometheus/metrics"
# Probes come without a key.
_OPEN = frozenset({HEALTH, READY})
_CONNECT_S = 1.0
_MEMORY_S = 1.0


class Pages:
    """Answers for the gateway itself.

    health: 200 as long as the process answers, with what it knows about itself.
    metrics: its own figures, and those that jobs left beside the models in the folder `models`.
    ready: 200 when the model server takes connections, 503 otherwise and while draining.
    """

    def __init__(
        self,
        *,
        upstream: str,
        metrics: GatewayMetrics,
        log_queue: LogQueue | None,
        models: Path | None = None,
    ) -> None:
        parts = urlsplit(upstream)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._metrics = metrics
        self._log_queue = log_queue
        self._models = models
        self._looked = -_MEMORY_S
        self._reachable = False
        self.draining = False

    def has(self, path: str) -> bool:
        """Tell whether a path is the gateway's own."""
        return path.startswith("/gateway/")

    def is_open(self, path: str) -> bool:
        """Tell whether a path needs no key."""
        return path in _OPEN

    async def answer(self, path: str) -> web.Response:
        """Return one of the pages."""
        if path == METRICS:
            page = self._metrics.page()
            if self._models is not None:
                # A slow volume must not hold up requests.
                page += await asyncio.to_thread(figures_page, self._models)
            return web.Response(body=page, content_type="text/plain")
        if path == HEALTH:
            return _json(200, {"status": "ok", **await self._state()})
        if path == READY:
            state = await self._state()
            ready = state["upstream"] == "reachable" and not self.draining
            return _json(200 if ready else 503, state)
        return _json(404, {"error": f"expected one of {HEALTH}, {READY}, {METRICS}"})

    async def _state(self) -> dict[str, object]:
        queue, log = self._log_queue, "off"
        if queue is not None:
            log = "working" if queue.working else "restarting"
        counts = {} if queue is None else queue.counts()
        return {
            "upstream": "reachable" if await self._upstream() else "unreachable",
            "draining": self.draining,
            "log": log,
            "counts": dict(counts),
        }

    async def _upstream(self) -> bool:
        if time.monotonic() - self._looked >= _MEMORY_S:
            self._reachable = await connects(self._host, self._port, timeout_s=_CONNECT_S)
            self._looked = time.monotonic()
        return self._reachable


def _json(status: int, content: Mapping[str, object]) -> web.Response:
    return web.Response(
        status=status, body=json.dumps(content).encode(), content_type="application/json"
    )
