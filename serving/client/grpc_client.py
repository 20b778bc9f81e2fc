"""The client over gRPC: the fastest way to send pictures, and its answers name the version."""

import json
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import grpc

from components.common.artifacts.exported import INPUT_BYTES, SIGNATURE_BYTES
from components.common.errors import ServerError
from serving.client import error_messages as messages
from serving.client.answers import Signature, TensorSpec, VersionStatus
from serving.client.client import MAX_MESSAGE_BYTES, Client, ClientOptions
from serving.client.contract import Outputs
from serving.client.retry import PassingError, call, too_late
from serving.protocol import wire_messages as wire
from serving.protocol.addresses import grpc_target
from serving.protocol.headers import PUSHBACK
from serving.protocol.tls import channel_credentials

SIGNATURE_FIELD = "signature_def"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
REFUSALS = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    }
)
# With room for the model's name and the tensor's frame around the pictures.
MESSAGE_BYTES = MAX_MESSAGE_BYTES + (1 << 20)
# A server answers pings that come more often than every five minutes with "too many pings".
KEEPALIVE_MS = 300_000
KEEPALIVE_TIMEOUT_MS = 20_000


class GrpcClient(Client):
    """A client over gRPC; one channel, made at the first call and kept.

    Args:
        address: `HOST:PORT`, `grpc://HOST:PORT` or, with TLS, `grpcs://HOST:PORT`. A name that
            stands for several servers (a headless Service) is spread over all of them.
        options: see `ClientOptions`; headers travel as metadata.

    Raises:
        ConfigError: the address has no port or another scheme, or a header cannot be sent.
    """

    def __init__(self, address: str, **options: Unpack[ClientOptions]) -> None:
        target, secure = grpc_target(address)
        super().__init__(target, **options)
        settings = _channel_options(target)
        if secure:
            credentials = channel_credentials(self._ca_file)
            self._channel = grpc.secure_channel(target, credentials, options=settings)
        else:
            self._channel = grpc.insecure_channel(target, options=settings)

    def status(self) -> tuple[VersionStatus, ...]:
        """Return every version the server has seen, newest first; see `Client`."""
        request = wire.GetModelStatusRequest()
        request.model_spec.name = self.model
        try:
            answer = self._call(wire.STATUS, request, wire.GetModelStatusResponse, self._headers)
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.NOT_FOUND:
                raise messages.no_model(self.address, self.model, serves=None) from None
            raise self._explain(error) from None
        return tuple(_version_status(entry) for entry in answer.model_version_status)

    def signature(self, name: str = SIGNATURE_BYTES) -> Signature:
        """Describe how to call the newest version; see `Client`."""
        request = wire.GetModelMetadataRequest(metadata_field=[SIGNATURE_FIELD])
        self._fill(request.model_spec)
        try:
            answer = self._call(
                wire.METADATA, request, wire.GetModelMetadataResponse, self._headers
            )
        except grpc.RpcError as error:
            raise self._explain(error) from None
        signatures = wire.SignatureDefMap()
        signatures.ParseFromString(answer.metadata[SIGNATURE_FIELD].value)
        found = signatures.signature_def
        if name not in found:
            raise messages.no_signature(self.address, self.model, name, sorted(found))
        return Signature(name, _specs(found[name].inputs), _specs(found[name].outputs))

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def _predict(
        self, signature: str, pictures: Sequence[bytes], headers: Mapping[str, str]
    ) -> Outputs:
        request = wire.PredictRequest()
        self._fill(request.model_spec)
        request.model_spec.signature_name = signature
        tensor = request.inputs[INPUT_BYTES]
        tensor.dtype = wire.DT_STRING
        tensor.tensor_shape.dim.add(size=len(pictures))
        tensor.string_val.extend(pictures)
        try:
            answer = self._call(wire.PREDICT, request, wire.PredictResponse, headers)
        except grpc.RpcError as error:
            raise self._explain(error) from None
        tensors = {name: wire.tensor_values(tensor) for name, tensor in answer.outputs.items()}
        version = answer.model_spec.version.value
        return Outputs(tensors, version, self.model, self.address)

    def _fill(self, spec: Any) -> None:
        spec.name = self.model
        if self._version is not None:
            # Presence counts, not the value: version 0 is a version.
            spec.version.value = self._version

    def _call(self, method: str, request: Any, response: Any, headers: Mapping[str, str]) -> Any:
        """Send one request; grpc.RpcError for the codes that are the caller's to explain."""
        ask = self._channel.unary_unary(
            method,
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )

        def attempt(left_s: float) -> Any:
            try:
                return ask(request, timeout=left_s, metadata=tuple(headers.items()))
            except grpc.RpcError as error:
                if _may_come_back(error):
                    raise PassingError(messages.busy(self.address, error.details())) from None
                if error.code() == grpc.StatusCode.UNAVAILABLE:
                    raise PassingError(self._unavailable(error.details() or "")) from None
                if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
                    raise too_late(self.address, self._timeout_s) from None
                if error.code() == grpc.StatusCode.UNAUTHENTICATED:
                    raise messages.denied(self.address, headers) from None
                raise

        return call(attempt, timeout_s=self._timeout_s, retry=self._retry, address=self.address)

    def _unavailable(self, details: str) -> ServerError:
        """Tell a server that is absent from one that is there and busy."""
        if "HTTP2" in details or "SETTINGS" in details or "Socket closed" in details:
            return messages.wrong_language(
                self.address, details, speaks="gRPC", do=messages.NOT_GRPC
            )
        if "connect" in details.lower() or "DNS" in details or "resol" in details:
            return messages.unreachable(self.address, details)
        return messages.busy(self.address, details)

    def _explain(self, error: Any) -> ServerError:
        code, details = error.code(), error.details() or ""
        if code == grpc.StatusCode.NOT_FOUND:
            status = self.status()  # raises when the model itself is unknown
            return messages.no_version(self.address, self.model, self._version, status)
        if code in REFUSALS:
            return messages.refused(self.address, details)
        if code == grpc.StatusCode.UNIMPLEMENTED:
            return messages.wrong_language(
                self.address, details, speaks="TensorFlow Serving's API", do=messages.NOT_SERVING
            )
        return messages.failed(self.address, f"{code.name}: {details}")


def _may_come_back(error: Any) -> bool:
    """Tell whether the server asks to repeat the call later; a negative value asks not to."""
    value = dict(error.trailing_metadata() or ()).get(PUSHBACK, "")
    return bool(value.isdecimal())


def _channel_options(target: str) -> list[tuple[str, int | str]]:
    host = urllib.parse.urlsplit(f"//{target}").hostname
    options: list[tuple[str, int | str]] = [
        ("grpc.max_send_message_length", MESSAGE_BYTES),
        ("grpc.max_receive_message_length", MESSAGE_BYTES),
        ("grpc.keepalive_time_ms", KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        # Retries are ours, so that gRPC and REST behave alike.
        ("grpc.enable_retries", 0),
        ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
    ]
    if host in LOOPBACK:
        options.append(("grpc.enable_http_proxy", 0))
    return options


def _version_status(entry: Any) -> VersionStatus:
    error = ""
    if entry.status.error_code:
        error = f"code {entry.status.error_code}: {entry.status.error_message}"
    return VersionStatus(entry.version, wire.STATES.get(entry.state, "UNKNOWN"), error)


def _specs(tensors: Any) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(
            name,
            wire.DTYPES.get(info.dtype, str(info.dtype)),
            tuple(dim.size for dim in info.tensor_shape.dim),
        )
        for name, info in sorted(tensors.items())
    )
