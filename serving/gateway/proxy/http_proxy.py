"""REST in, REST out: every path but /gateway/ goes to the model server as it came."""

import asyncio
import io

import aiohttp
from aiohttp import web

from components.common.errors import expected
from serving.gateway.exchange import REST
from serving.gateway.proxy import http_messages as messages
from serving.gateway.proxy.access import DENIED
from serving.gateway.proxy.admission import BusyError, Place
from serving.gateway.proxy.context import REQUEST_ID, Arrival, Call, ProxyContext
from serving.gateway.proxy.pages import METRICS, SERVER_METRICS, Pages
from serving.protocol.headers import RETRY_AFTER
from serving.protocol.http_listener import Handler, ask_for_body, listener, open_port

_VERBS = (":predict", ":classify", ":regress")
# As TensorFlow Serving, and nginx before it, number a client that closed its request.
_CLIENT_GONE = 499
_AUTOMATIC = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
# Above this, aiohttp wants the body as a stream.
_LARGE_BYTES = 1 << 20


class HttpProxy:
    """The REST listener."""

    def __init__(self, context: ProxyContext, pages: Pages) -> None:
        self._shared = context
        self._pages = pages
        self._session: aiohttp.ClientSession | None = None
        self._listener = self._listening(self._handle)
        self._metrics_listener = self._listening(self._handle_operator)

    def _listening(self, handler: Handler) -> web.ServerRunner:
        settings = self._shared.settings
        return listener(
            handler,
            log="serving.gateway.http",
            drain_s=settings.drain_s,
            max_bytes=settings.max_request_bytes,
        )

    async def start(self) -> tuple[int, int]:
        """Open the port and the metrics port and return their numbers.

        Raises:
            OSError: one is taken.
        """
        settings, certificate = self._shared.settings, self._shared.certificate
        tls = True if settings.upstream_tls is None else settings.upstream_tls
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=tls),
            timeout=aiohttp.ClientTimeout(total=settings.timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_AUTOMATIC,
            auto_decompress=False,
        )
        port = await open_port(
            self._listener,
            host=settings.host,
            port=settings.port,
            tls=certificate.http_context() if certificate is not None else None,
        )
        metrics_port = await open_port(
            self._metrics_listener, host=settings.host, port=settings.metrics_port
        )
        return port, metrics_port

    async def drain(self) -> None:
        """Refuse new connections, let requests under way finish, close."""
        await self._listener.cleanup()
        await self._metrics_listener.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        arrival, status = Arrival(), _CLIENT_GONE
        try:
            answer = await self._answer(request)
            status = answer.status
            return answer
        finally:
            # Also when the client gave up meanwhile and this was cancelled. Probes are no traffic.
            if not self._pages.has(request.path):
                self._shared.metrics.request(
                    REST, str(status), seconds=arrival.seconds, gone=status == _CLIENT_GONE
                )

    async def _handle_operator(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer on the metrics port, where nobody sends a key: pages and metrics alone."""
        if self._pages.has(request.path):
            return await self._pages.answer(request.path)
        if request.method == "GET" and request.path == SERVER_METRICS:
            return await self._outcome(request, Call.named("", SERVER_METRICS), b"")
        return messages.error(404, f"expected {METRICS} or {SERVER_METRICS}")

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        open_page = self._pages.is_open(request.path)
        if not open_page and not self._shared.access.allows(request.headers):
            self._shared.metrics.refused("api_key")
            return messages.error(401, DENIED, {"WWW-Authenticate": "Bearer"})
        if self._pages.has(request.path):
            return await self._pages.answer(request.path)
        try:
            with self._shared.admission.enter() as place:
                body = await self._read(request, place)
                return await self._pass_on(request, body)
        except BusyError as error:
            self._shared.metrics.refused("busy")
            answer = messages.error(429, str(error), {RETRY_AFTER: "1"})
        except web.HTTPRequestEntityTooLarge:
            self._shared.metrics.refused("too_large")
            answer = messages.error(413, self._too_large(request))
        except _SlowError:
            self._shared.metrics.refused("slow")
            answer = messages.error(408, self._too_slow())
        # The rest of the body is not read.
        answer.force_close()
        return answer

    async def _read(self, request: web.BaseRequest, place: Place) -> bytes:
        limit = self._shared.settings.max_request_bytes
        claimed = request.content_length or 0
        if claimed > limit:
            raise web.HTTPRequestEntityTooLarge(limit, claimed)
        place.hold(claimed)
        if not request.body_exists:
            return b""
        await ask_for_body(request)
        body = bytearray()
        try:
            async with asyncio.timeout(self._shared.settings.timeout_s):
                async for chunk in request.content.iter_any():
                    body += chunk
                    if len(body) > limit:
                        raise web.HTTPRequestEntityTooLarge(limit, len(body))
                    if len(body) > claimed:
                        place.hold(len(body))
        except TimeoutError:
            raise _SlowError from None
        return bytes(body)

    def _too_large(self, request: web.BaseRequest) -> str:
        size = request.content_length
        return expected(
            f"a request of at most {self._shared.settings.max_request_mib} MiB",
            received=f"{size} bytes" if size else "more",
            do="send fewer pictures at once, or start the gateway with a larger --max-request-mib",
        )

    async def _pass_on(self, request: web.BaseRequest, body: bytes) -> web.Response:
        arrival = Arrival()
        call = Call.named(request.headers.get(REQUEST_ID, ""), request.raw_path)
        status, content = _CLIENT_GONE, b""
        try:
            answer = await self._outcome(request, call, body)
            answer.headers[REQUEST_ID] = call.request_id
            status, content = answer.status, messages.bytes_of(answer)
            return answer
        finally:
            # Also when the client gave up meanwhile and this was cancelled.
            if request.method == "POST" and call.path.endswith(_VERBS):
                self._shared.record(
                    call,
                    request.headers,
                    body,
                    content,
                    arrival=arrival,
                    interface=REST,
                    status=status,
                    encoding=request.headers.get("Content-Encoding", ""),
                )

    async def _outcome(self, request: web.BaseRequest, call: Call, body: bytes) -> web.Response:
        try:
            return await self._ask(request, call, body)
        except TimeoutError:
            return messages.error(504, self._too_late())
        except (aiohttp.ClientConnectionError, OSError) as error:
            # Before ValueError, which a certificate that is not trusted is as well.
            return self._unreachable(error)
        except ValueError:
            # An absolute or otherwise odd target that makes no URL.
            return messages.error(400, f"Malformed request: {request.method} {call.path}")
        except aiohttp.ClientError as error:
            return self._unreachable(error)

    async def _ask(self, request: web.BaseRequest, call: Call, body: bytes) -> web.Response:
        try:
            return await self._ask_once(request, call, body)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if isinstance(error, aiohttp.ClientConnectorError):
                raise
            # A kept connection that the server closed meanwhile. Predictions change nothing,
            # so asking again is safe.
            return await self._ask_once(request, call, body)

    async def _ask_once(self, request: web.BaseRequest, call: Call, body: bytes) -> web.Response:
        assert self._session is not None
        headers = messages.forwarded(request.headers, hides=self._shared.access.hides)
        headers[REQUEST_ID] = call.request_id
        async with self._session.request(
            request.method,
            messages.upstream_url(self._shared.settings.upstream, call.path),
            headers=headers,
            data=io.BytesIO(body) if len(body) > _LARGE_BYTES else (body or None),
            allow_redirects=False,
        ) as answer:
            head_only = request.method == "HEAD"
            return messages.copied(answer, await answer.read(), head_only=head_only)

    def _unreachable(self, error: Exception) -> web.Response:
        self._shared.metrics.refused("unreachable")
        return messages.error(503, messages.unreachable(self._shared.settings.upstream, error))

    def _too_late(self) -> str:
        return expected(
            f"an answer of the model server within {self._shared.settings.timeout_s:g} s",
            received="none",
            do="send fewer pictures at once, or start the gateway with a larger --timeout-s",
        )

    def _too_slow(self) -> str:
        return expected(
            f"the whole body within {self._shared.settings.timeout_s:g} s",
            received="a part of it",
            do="send fewer pictures at once, or start the gateway with a larger --timeout-s",
        )


class _SlowError(Exception):
    """A body did not come in time."""
