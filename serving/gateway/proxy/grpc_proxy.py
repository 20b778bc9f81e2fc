"""gRPC in, gRPC out: messages pass as bytes, whatever the method.

Codes, details and trailing metadata come from the model server; a caller's deadline and metadata
reach it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import grpc

from components.common.errors import ServerError, expected
from serving.gateway.exchange import GRPC
from serving.gateway.proxy.access import DENIED
from serving.gateway.proxy.admission import BusyError, Place
from serving.gateway.proxy.context import REQUEST_ID, Arrival, Call, ProxyContext
from serving.protocol.addresses import grpc_target
from serving.protocol.headers import PUSHBACK
from serving.protocol.tls import channel_credentials

_SERVICE = "/tensorflow.serving.PredictionService/"
_LOGGED = frozenset(_SERVICE + name for name in ("Predict", "Classify", "Regress"))
_HEALTH = "/grpc.health.v1.Health/"
_STREAMED = frozenset({f"{_HEALTH}Watch"})
_REQUEST_ID = REQUEST_ID.lower()
# gRPC writes these itself.
_OWN_METADATA = frozenset({"user-agent", "content-type", "te", "grpc-accept-encoding"})
# gRFC A6: a client that retries waits so long, in milliseconds.
_COME_BACK = ((PUSHBACK, "1000"),)
_UNLIMITED = -1


_TO_UPSTREAM = (
    ("grpc.max_receive_message_length", _UNLIMITED),
    ("grpc.max_send_message_length", _UNLIMITED),
    ("grpc.enable_http_proxy", 0),
    # A retry is the client's decision.
    ("grpc.enable_retries", 0),
    # A server that comes back is found again soon.
    ("grpc.max_reconnect_backoff_ms", 2000),
)


class GrpcProxy(grpc.GenericRpcHandler):
    """The gRPC listener."""

    def __init__(self, context: ProxyContext) -> None:
        self._shared = context
        self._channel: Any = None
        self._server: Any = None

    async def start(self) -> int:
        """Open the port and return its number.

        Raises:
            ServerError: it is taken.
        """
        self._server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", self._shared.settings.max_request_bytes),
                ("grpc.max_send_message_length", _UNLIMITED),
                ("grpc.so_reuseport", 0),
            ]
        )
        self._server.add_generic_rpc_handlers((self,))
        address = f"{self._shared.settings.host}:{self._shared.settings.grpc_port}"
        try:
            port = self._open(address)
        except RuntimeError as error:
            raise ServerError(
                f"{address} to be free", received=error, do="choose another --grpc-port"
            ) from None
        self._channel = self._channel_to_upstream()
        await self._server.start()
        return port

    async def drain(self) -> None:
        """Refuse new calls, let those under way finish, close."""
        if self._server is not None:
            await self._server.stop(self._shared.settings.drain_s)
        if self._channel is not None:
            await self._channel.close()

    def _open(self, address: str) -> int:
        certificate = self._shared.certificate
        if certificate is None:
            return int(self._server.add_insecure_port(address))
        return int(self._server.add_secure_port(address, certificate.grpc_credentials()))

    def _channel_to_upstream(self) -> Any:
        settings = self._shared.settings
        target, secure = grpc_target(settings.upstream_grpc)
        if not secure:
            return grpc.aio.insecure_channel(target, options=_TO_UPSTREAM)
        credentials = channel_credentials(settings.upstream_ca)
        return grpc.aio.secure_channel(target, credentials, options=_TO_UPSTREAM)

    def service(self, handler_call_details: Any) -> Any:
        """Return the handler of any method: bytes in, bytes out."""
        method = handler_call_details.method
        metadata = tuple(handler_call_details.invocation_metadata)
        if method in _STREAMED:

            def streamed(request: bytes, context: Any) -> AsyncIterator[bytes]:
                return self._stream(method, metadata, request, context)

            return grpc.unary_stream_rpc_method_handler(streamed)

        async def single(_: Any, context: Any) -> bytes:
            return await self._answer(method, metadata, context)

        # As a stream of one message, which is then not read before there is a place for it.
        return grpc.stream_unary_rpc_method_handler(single)

    async def _answer(self, method: str, metadata: tuple[Any, ...], context: Any) -> bytes:
        arrival, status, gone = Arrival(), grpc.StatusCode.CANCELLED, True
        call = Call.named(_texts(metadata).get(_REQUEST_ID, ""), method)
        try:
            self._admit(method, metadata)
            with self._shared.admission.enter() as place:
                request = await self._read(context, place)
                answer = await self._pass_on(call, metadata, request, context, arrival)
            status, gone = grpc.StatusCode.OK, False
        except BusyError as error:
            status, gone = grpc.StatusCode.RESOURCE_EXHAUSTED, False
            self._shared.metrics.refused("busy")
            await context.abort(status, str(error), _COME_BACK)
            raise
        except _EndError as end:
            # A deadline of the model server's own leaves the caller time.
            late = end.status is grpc.StatusCode.DEADLINE_EXCEEDED
            status, gone = end.status, late and context.time_remaining() == 0
            await context.abort(end.status, end.details, end.trailing)
            raise
        else:
            return answer
        finally:
            # Also when the client gave up meanwhile and this was cancelled.
            self._shared.metrics.request(GRPC, status.name, seconds=arrival.seconds, gone=gone)

    async def _read(self, context: Any, place: Place) -> bytes:
        try:
            async with asyncio.timeout(self._shared.settings.timeout_s):
                message = await context.read()
        except TimeoutError:
            self._shared.metrics.refused("slow")
            raise _EndError(grpc.StatusCode.DEADLINE_EXCEEDED, "the request did not come") from None
        if message is grpc.aio.EOF:
            # gRPC has refused it, and has said so to the client: it was too large.
            self._shared.metrics.refused("too_large")
            limit = f"one message of at most {self._shared.settings.max_request_mib} MiB"
            raise _EndError(grpc.StatusCode.RESOURCE_EXHAUSTED, f"expected {limit}")
        place.hold(len(message))
        return bytes(message)

    async def _pass_on(
        self,
        call: Call,
        metadata: tuple[Any, ...],
        request: bytes,
        context: Any,
        arrival: Arrival,
    ) -> bytes:
        status, answer = grpc.StatusCode.CANCELLED, b""
        try:
            asking = self._channel.unary_unary(call.path)(
                request, timeout=context.time_remaining(), metadata=self._forwarded(metadata, call)
            )
            answer = bytes(await asking)
            status = grpc.StatusCode.OK
            trailing = tuple(await asking.trailing_metadata() or ())
            context.set_trailing_metadata((*trailing, (_REQUEST_ID, call.request_id)))
        except grpc.aio.AioRpcError as error:
            status = error.code()
            raise self._end(error, call) from None
        finally:
            if call.path in _LOGGED:
                self._shared.record(
                    call,
                    _texts(metadata),
                    request,
                    answer,
                    arrival=arrival,
                    interface=GRPC,
                    status=int(status.value[0]),
                )
        return answer

    async def _stream(
        self, method: str, metadata: tuple[Any, ...], request: bytes, context: Any
    ) -> AsyncIterator[bytes]:
        call = Call.named(_texts(metadata).get(_REQUEST_ID, ""), method)
        asking = self._channel.unary_stream(method)(
            request, timeout=context.time_remaining(), metadata=self._forwarded(metadata, call)
        )
        try:
            async for message in asking:
                yield message
        except grpc.aio.AioRpcError as error:
            end = self._end(error, call)
            await context.abort(end.status, end.details, end.trailing)

    def _admit(self, method: str, metadata: tuple[Any, ...]) -> None:
        if method.startswith(_HEALTH) or self._shared.access.allows(_texts(metadata)):
            return
        self._shared.metrics.refused("api_key")
        raise _EndError(grpc.StatusCode.UNAUTHENTICATED, DENIED)

    def _end(self, error: Any, call: Call) -> "_EndError":
        """Return what a failed call ends with: the model server's own words, unless it is away."""
        details = error.details() or ""
        if error.code() is grpc.StatusCode.UNAVAILABLE and _never_arrived(details):
            self._shared.metrics.refused("unreachable")
            details = expected(
                f"a model server at {self._shared.settings.upstream_grpc}",
                received=details,
                do="start it, or start the gateway with the right --upstream-grpc",
            )
        trailing = (*(error.trailing_metadata() or ()), (_REQUEST_ID, call.request_id))
        return _EndError(error.code(), details, trailing)

    def _forwarded(self, metadata: tuple[Any, ...], call: Call) -> tuple[Any, ...]:
        kept = tuple(
            (key, value)
            for key, value in metadata
            if key not in _OWN_METADATA
            and key != _REQUEST_ID
            and not self._shared.access.hides(key)
        )
        return (*kept, (_REQUEST_ID, call.request_id))


class _EndError(Exception):
    """A call ends with this status."""

    def __init__(self, status: Any, details: str, trailing: tuple[Any, ...] = ()) -> None:
        super().__init__(details)
        self.status = status
        self.details = details
        self.trailing = trailing


def _texts(metadata: Iterable[Any]) -> dict[str, str]:
    return {key: value for key, value in metadata if isinstance(value, str)}


def _never_arrived(details: str) -> bool:
    """Tell a server that is absent from one that says it is busy: the text is gRPC's own."""
    return "connect" in details.lower() or "DNS" in details or "resol" in details
