"""REST in, REST out: every path but /gateway/ goes to the model server as it came."""

import io

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from components.common.errors import expected
from serving.gateway.exchange import REST
from serving.gateway.proxy.access import DENIED
from serving.gateway.proxy.context import REQUEST_ID, Arrival, Call, ProxyContext
from serving.gateway.proxy.pages import Pages
from serving.protocol.http_listener import ask_for_body, listener, open_port
from serving.protocol.status import error_body

_VERBS = (":predict", ":classify", ":regress")
# As TensorFlow Serving, and nginx before it, number a client that closed its request.
_CLIENT_GONE = 499
# RFC 9110, section 7.6.1; and what belongs to one message alone.
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
    }
)
_NOT_FORWARDED = _HOP_BY_HOP | {"host", "expect"}
_AUTOMATIC = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
# Above this, aiohttp wants the body as a stream.
_LARGE_BYTES = 1 << 20


class HttpProxy:
    """The REST listener."""

    def __init__(self, context: ProxyContext, pages: Pages) -> None:
        self._shared = context
        self._pages = pages
        self._session: aiohttp.ClientSession | None = None
        self._listener = listener(
            self._handle,
            log="serving.gateway.http",
            drain_s=context.settings.drain_s,
            max_bytes=context.settings.max_request_bytes,
        )

    async def start(self) -> int:
        """Open the port and return its number.

        Raises:
            OSError: it is taken.
        """
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=self._shared.settings.timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_AUTOMATIC,
            auto_decompress=False,
        )
        return await open_port(
            self._listener, host=self._shared.settings.host, port=self._shared.settings.port
        )

    async def drain(self) -> None:
        """Refuse new connections, let requests under way finish, close."""
        await self._listener.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        arrival, status = Arrival(), _CLIENT_GONE
        try:
            answer = await self._answer(request)
            status = answer.status
            return answer
        finally:
            self._shared.metrics.request(REST, str(status), seconds=arrival.seconds)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        open_page = self._pages.is_open(request.path)
        if not open_page and not self._shared.access.allows(request.headers):
            self._shared.metrics.refused("api_key")
            return _error(401, DENIED, {"WWW-Authenticate": "Bearer"})
        if self._pages.has(request.path):
            return await self._pages.answer(request.path)
        try:
            body = await self._read(request)
        except web.HTTPRequestEntityTooLarge:
            self._shared.metrics.refused("too_large")
            answer = _error(413, self._too_large(request))
            answer.force_close()
            return answer
        return await self._pass_on(request, body)

    async def _read(self, request: web.BaseRequest) -> bytes:
        limit = self._shared.settings.max_request_bytes
        if (request.content_length or 0) > limit:
            raise web.HTTPRequestEntityTooLarge(limit, request.content_length or 0)
        await ask_for_body(request)
        return await request.read() if request.body_exists else b""

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
            status, content = answer.status, _bytes(answer)
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
            return _error(504, self._too_late())
        except ValueError:
            # An absolute or otherwise odd target that makes no URL.
            return _error(400, f"Malformed request: {request.method} {call.path}")
        except (aiohttp.ClientError, OSError) as error:
            self._shared.metrics.refused("unreachable")
            return _error(503, _unreachable(self._shared.settings.upstream, error))

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
        headers = CIMultiDict(
            (name, value)
            for name, value in request.headers.items()
            if name.lower() not in _NOT_FORWARDED and not self._shared.access.hides(name)
        )
        headers[REQUEST_ID] = call.request_id
        async with self._session.request(
            request.method,
            _url(self._shared.settings.upstream, call.path),
            headers=headers,
            data=io.BytesIO(body) if len(body) > _LARGE_BYTES else (body or None),
            allow_redirects=False,
        ) as answer:
            return _copy(answer, await answer.read(), head_only=request.method == "HEAD")

    def _too_late(self) -> str:
        return expected(
            f"an answer of the model server within {self._shared.settings.timeout_s:g} s",
            received="none",
            do="send fewer pictures at once, or start the gateway with a larger --timeout-s",
        )


def _url(base: str, path: str) -> URL:
    # `encoded` keeps every byte of the path: what is malformed is the server's to say.
    parts = URL(base)
    bare, _, query = path.partition("?")
    return URL.build(
        scheme=parts.scheme,
        authority=parts.raw_authority,
        path=parts.raw_path.rstrip("/") + bare,
        query_string=query,
        encoded=True,
    )


def _copy(answer: aiohttp.ClientResponse, body: bytes, *, head_only: bool) -> web.Response:
    headers = CIMultiDict(
        (name, value) for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP
    )
    if head_only and "Content-Length" in answer.headers:
        headers["Content-Length"] = answer.headers["Content-Length"]
    return web.Response(status=answer.status, reason=answer.reason, body=body, headers=headers)


def _error(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    """Answer in TensorFlow Serving's own form, which clients know how to read."""
    all_headers = {"Content-Type": "application/json", **(headers or {})}
    return web.Response(status=status, body=error_body(text), headers=all_headers)


def _unreachable(url: str, error: Exception) -> str:
    return expected(
        f"a model server at {url}",
        received=str(error) or type(error).__name__,
        do="start it, or start the gateway with the right --upstream",
    )


def _bytes(answer: web.Response) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b""
