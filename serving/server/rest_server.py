"""The HTTP side: `/v1/...` and the metrics page."""

import asyncio
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

from aiohttp import web

from serving.protocol.http_listener import ask_for_body, listener, open_port
from serving.protocol.rest_paths import Target, Verb, parse_path
from serving.protocol.status import (
    Code,
    StatusError,
    error_body,
    from_exception,
    http_status,
    invalid_argument,
)
from serving.server import metrics
from serving.server.flags import Flags
from serving.server.models.catalogue import ModelCatalogue
from serving.server.rest_answers import answer

MAX_UNCOMPRESSED = 100 * 1024 * 1024
_UNLIMITED = 2**31 - 1
# The original says no more than the first two words.
_HINT = "Not Found: this is a model server; ask for /v1/models/MODEL\n"


class RestServer:
    """Serves `/v1/...` and the metrics page at `metrics_path` ("": nowhere)."""

    def __init__(
        self, catalogue: ModelCatalogue, flags: Flags, *, threads: int, metrics_path: str
    ) -> None:
        self._catalogue = catalogue
        self._flags = flags
        self._metrics_path = metrics_path
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="rest")
        self._listener = listener(
            self._handle,
            log="serving.server.http",
            drain_s=flags.drain_seconds,
            max_bytes=_UNLIMITED,
        )

    async def start(self) -> None:
        """Open the port.

        Raises:
            OSError: it is taken.
        """
        await open_port(self._listener, host=self._flags.host, port=self._flags.rest_api_port)

    async def drain(self) -> None:
        """Refuse new connections, let requests in flight finish, close."""
        await self._listener.cleanup()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.raw_path
        if self._metrics_path and path.partition("?")[0] == self._metrics_path:
            return web.Response(body=metrics.page(), content_type="text/plain")
        if path[:4].lower() != "/v1/":
            response = web.Response(status=404, text=_HINT, content_type="text/html")
            response.force_close()
            return response
        begin = time.perf_counter()
        await ask_for_body(request)
        body = await request.read()
        target = parse_path(request.method, path)
        code, content = await self._outcome(request, target, body)
        if target is not None and target.model:
            metrics.request_count(target.model, code.name)
            if code is Code.OK and target.verb is Verb.PREDICT:
                metrics.request_latency(
                    target.model, target.verb.value, "REST", time.perf_counter() - begin
                )
        return web.Response(status=http_status(code), body=content, content_type="application/json")

    async def _outcome(
        self, request: web.BaseRequest, target: Target | None, body: bytes
    ) -> tuple[Code, bytes]:
        try:
            if target is None:
                raise invalid_argument(f"Malformed request: {request.method} {request.raw_path}")
            return Code.OK, await self._answer(request, target, body)
        except Exception as error:
            problem = from_exception(error)
            return problem.code, error_body(problem.message)

    async def _answer(self, request: web.BaseRequest, target: Target, body: bytes) -> bytes:
        limit_ms = self._flags.rest_api_timeout_in_ms
        if target.verb in {Verb.STATUS, Verb.METADATA}:
            # At once, without waiting for a thread: probes ask these.
            return answer(self._catalogue, target, b"", timeout_ms=limit_ms)
        compressed = request.headers.get("Content-Encoding", "").lower() == "gzip"

        def work() -> bytes:
            plain = _gunzip(body) if compressed else body
            return answer(self._catalogue, target, plain, timeout_ms=limit_ms)

        running = asyncio.get_running_loop().run_in_executor(self._pool, work)
        try:
            return await asyncio.wait_for(running, limit_ms / 1000 or None)
        except TimeoutError:
            raise StatusError(
                Code.DEADLINE_EXCEEDED, "Timed out waiting for notification"
            ) from None


def _gunzip(body: bytes) -> bytes:
    """Uncompress a request, stopping at 100 MB: a small body must not fill the memory.

    Raises:
        StatusError: INVALID_ARGUMENT.
    """
    decoder = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        text = decoder.decompress(body, MAX_UNCOMPRESSED)
    except zlib.error as error:
        raise invalid_argument(f"Failed to uncompress request body: {error}") from None
    if decoder.unconsumed_tail or not decoder.eof:
        raise invalid_argument("Failed to uncompress request body: truncated or too large")
    return text
