"""gRPC in, gRPC out: messages pass as bytes, whatever the method.

Codes, details and trailing metadata come from the model server; a caller's deadline and metadata
reach it.
"""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import grpc

from components.common.errors import ServerError, expected
from serving.gateway.exchange import GRPC
from serving.gateway.proxy.access import DENIED
from serving.gateway.proxy.context import REQUEST_ID, Arrival, Call, ProxyContext

_SERVICE = "/tensorflow.serving.PredictionService/"
_LOGGED = frozenset(_SERVICE + name for name in ("Predict", "Classify", "Regress"))
_HEALTH = "/grpc.health.v1.Health/"
_STREAMED = frozenset({f"{_HEALTH}Watch"})
_REQUEST_ID = REQUEST_ID.lower()
# gRPC writes these itself.
_OWN_METADATA = frozenset({"user-agent", "content-type", "te", "grpc-accept-encoding"})
_UNLIMITED = -1


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
            port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise ServerError(
                f"{address} to be free", received=error, do="choose another --grpc-port"
            ) from None
        self._channel = grpc.aio.insecure_channel(
            self._shared.settings.upstream_grpc,
            options=[
                ("grpc.max_receive_message_length", _UNLIMITED),
                ("grpc.max_send_message_length", _UNLIMITED),
                ("grpc.enable_http_proxy", 0),
                # A retry is the client's decision.
                ("grpc.enable_retries", 0),
                # A server that comes back is found again soon.
                ("grpc.max_reconnect_backoff_ms", 2000),
            ],
        )
        await self._server.start()
        return int(port)

    async def drain(self) -> None:
        """Refuse new calls, let those under way finish, close."""
        if self._server is not None:
            await self._server.stop(self._shared.settings.drain_s)
        if self._channel is not None:
            await self._channel.close()

    def service(self, handler_call_details: Any) -> Any:
        """Return the handler of any method: bytes in, bytes out."""
        method = handler_call_details.method
        metadata = tuple(handler_call_details.invocation_metadata)
        if method in _STREAMED:

            def streamed(request: bytes, context: Any) -> AsyncIterator[bytes]:
                return self._stream(method, metadata, request, context)

            return grpc.unary_stream_rpc_method_handler(streamed)

        async def single(request: bytes, context: Any) -> bytes:
            return await self._pass_on(method, metadata, request, context)

        return grpc.unary_unary_rpc_method_handler(single)

    async def _pass_on(
        self, method: str, metadata: tuple[Any, ...], request: bytes, context: Any
    ) -> bytes:
        arrival = Arrival()
        await self._admit(method, metadata, context)
        call = Call.named(_texts(metadata).get(_REQUEST_ID, ""), method)
        status, answer = grpc.StatusCode.CANCELLED, b""
        try:
            asking = self._channel.unary_unary(method)(
                request, timeout=context.time_remaining(), metadata=self._forwarded(metadata, call)
            )
            answer = await asking
            status = grpc.StatusCode.OK
            trailing = tuple(await asking.trailing_metadata() or ())
            context.set_trailing_metadata((*trailing, (_REQUEST_ID, call.request_id)))
        except grpc.aio.AioRpcError as error:
            status = error.code()
            await self._fail(context, error, call)
        finally:
            self._shared.metrics.request(GRPC, status.name, seconds=arrival.seconds)
            if method in _LOGGED:
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
        await self._admit(method, metadata, context)
        call = Call.named(_texts(metadata).get(_REQUEST_ID, ""), method)
        asking = self._channel.unary_stream(method)(
            request, timeout=context.time_remaining(), metadata=self._forwarded(metadata, call)
        )
        try:
            async for message in asking:
                yield message
        except grpc.aio.AioRpcError as error:
            await self._fail(context, error, call)

    async def _admit(self, method: str, metadata: tuple[Any, ...], context: Any) -> None:
        if method.startswith(_HEALTH) or self._shared.access.allows(_texts(metadata)):
            return
        self._shared.metrics.refused("api_key")
        await context.abort(grpc.StatusCode.UNAUTHENTICATED, DENIED)

    async def _fail(self, context: Any, error: Any, call: Call) -> None:
        details = error.details() or ""
        if error.code() is grpc.StatusCode.UNAVAILABLE and _never_arrived(details):
            self._shared.metrics.refused("unreachable")
            details = expected(
                f"a model server at {self._shared.settings.upstream_grpc}",
                received=details,
                do="start it, or start the gateway with the right --upstream-grpc",
            )
        trailing = (*(error.trailing_metadata() or ()), (_REQUEST_ID, call.request_id))
        await context.abort(error.code(), details, trailing)

    def _forwarded(self, metadata: tuple[Any, ...], call: Call) -> tuple[Any, ...]:
        kept = tuple(
            (key, value)
            for key, value in metadata
            if key not in _OWN_METADATA
            and key != _REQUEST_ID
            and not self._shared.access.hides(key)
        )
        return (*kept, (_REQUEST_ID, call.request_id))


def _texts(metadata: Iterable[Any]) -> dict[str, str]:
    return {key: value for key, value in metadata if isinstance(value, str)}


def _never_arrived(details: str) -> bool:
    """Tell a server that is absent from one that says it is busy: the text is gRPC's own."""
    return "connect" in details.lower() or "DNS" in details or "resol" in details
