"""The HTTP side: `/v1/...` and the metrics page."""

import asyncio
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from aiohttp import web

from serving.protocol.http_listener import ask_for_body, listener, open_port
from serving.protocol.rest_paths import Target, Verb, parse_path
from serving.protocol.status import (
    Code,
    StatusError,
    from_exception,
    http_status,
    invalid_argument,
)
from serving.server import metrics
from serving.server.json_outputs import error_body
from serving.server.rest_answers import RestHandlers

MAX_UNCOMPRESSED = 100 * 1024 * 1024
_UNLIMITED = 2**31 - 1
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET",
    "Access-Control-Allow-Headers": "Content-Type",
}
_NOT_FOUND = (
    b"<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n"
    b"<p>The requested URL was not found on this server.</p>\n</body></html>\n"
)


@dataclass(frozen=True, kw_only=True)
class RestOptions:
    """How the REST listener behaves; `timeout` in seconds, `metrics_path` "" is off."""

    host: str
    port: int
    threads: int
    timeout: float
    cors: bool
    metrics_path: str
    drain_seconds: float


class RestServer:
    """Serves `/v1/...` and the metrics page."""

    def __init__(self, handlers: RestHandlers, options: RestOptions) -> None:
        self._handlers = handlers
        self._options = options
        self._pool = ThreadPoolExecutor(options.threads, thread_name_prefix="rest")
        self._listener = listener(
            self._handle,
            log="serving.server.http",
            drain_s=options.drain_seconds,
            max_bytes=_UNLIMITED,
        )

    async def start(self) -> None:
        """Open the port.

        Raises:
            OSError: it is taken.
        """
        await open_port(self._listener, host=self._options.host, port=self._options.port)

    async def drain(self) -> None:
        """Refuse new connections, let requests in flight finish, close."""
        await self._listener.cleanup()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.raw_path
        if self._options.metrics_path and path.partition("?")[0] == self._options.metrics_path:
            return web.Response(body=metrics.REGISTRY.page().encode(), content_type="text/plain")
        if path[:4].lower() != "/v1/":
            response = web.Response(status=404, body=_NOT_FOUND, content_type="text/html")
            response.force_close()
            return response
        if request.method == "OPTIONS":
            return self._options_answer(request)
        return await self._model_request(request, path)

    def _options_answer(self, request: web.BaseRequest) -> web.Response:
        if request.headers.get("Origin", "").startswith("http"):
            return self._response(200, b"")
        return self._response(
            400, error_body(f"Malformed request: {request.method} {request.raw_path}")
        )

    async def _model_request(self, request: web.BaseRequest, path: str) -> web.Response:
        begin = time.perf_counter()
        await ask_for_body(request)
        body = await request.read()
        target = parse_path(request.method, path)
        code = Code.OK
        try:
            if target is None:
                raise invalid_argument(f"Malformed request: {request.method} {path}")
            if target.overflow:
                return self._response(400, b"")
            response = self._response(200, await self._answer(request, target, body))
        except Exception as error:
            problem = from_exception(error)
            code = problem.code
            response = self._response(http_status(code), error_body(problem.message))
        if target is not None and target.model:
            metrics.request_count(target.model, code.name)
            if code is Code.OK and target.verb not in {Verb.STATUS, Verb.METADATA}:
                metrics.request_latency(
                    target.model, target.verb.value, "REST", time.perf_counter() - begin
                )
        return response

    async def _answer(self, request: web.BaseRequest, target: Target, body: bytes) -> bytes:
        if target.verb in {Verb.STATUS, Verb.METADATA}:
            return self._handlers.answer(target, b"")
        compressed = request.headers.get("Content-Encoding", "").lower() == "gzip"

        def work() -> bytes:
            return self._handlers.answer(target, _gunzip(body) if compressed else body)

        running = asyncio.get_running_loop().run_in_executor(self._pool, work)
        try:
            return await asyncio.wait_for(running, self._options.timeout or None)
        except TimeoutError:
            raise StatusError(
                Code.DEADLINE_EXCEEDED, "Timed out waiting for notification"
            ) from None

    def _response(self, status: int, body: bytes) -> web.Response:
        headers = {"Content-Type": "application/json"}
        if self._options.cors:
            headers.update(_CORS)
        return web.Response(status=status, body=body, headers=headers)


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
