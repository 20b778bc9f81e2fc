"""The client over gRPC: the fastest way to send pictures, and its answers name the version."""

import json
import math
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any, Self

import grpc
import numpy as np

from components.common.artifacts.exported import INPUT_BYTES, SIGNATURE_BYTES, SIGNATURE_FEATURES
from components.common.errors import ConfigError, ServerError, expected
from serving.client import error_messages as messages
from serving.client.answers import Features, Predictions, Signature, TensorSpec, VersionStatus
from serving.client.contract import (
    DEFAULT_TIMEOUT_S,
    MAX_MESSAGE_BYTES,
    Outputs,
    prepare,
    to_features,
    to_predictions,
)
from serving.client.retry import PassingError, Retry, call, too_late
from serving.client.waiting import wait_until_available
from serving.protocol import wire_messages as wire
from serving.protocol.headers import sendable

PREDICT = "/tensorflow.serving.PredictionService/Predict"
METADATA = "/tensorflow.serving.PredictionService/GetModelMetadata"
STATUS = "/tensorflow.serving.ModelService/GetModelStatus"
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
# Room for the model's name and the tensor's frame around the pictures.
FRAME_BYTES = 1 << 20
# A server answers pings that come more often than every five minutes with "too many pings".
KEEPALIVE_MS = 300_000
KEEPALIVE_TIMEOUT_MS = 20_000


class GrpcClient:
    """A `Client` over gRPC; one channel, made at the first call and kept.

    Args:
        address: `HOST:PORT`, `grpc://HOST:PORT` or, with TLS, `grpcs://HOST:PORT`. A name that
            stands for several servers (a headless Service) is spread over all of them.
        model: the model's name.
        timeout_s: deadline of one call with all its retries, in seconds.
        version: the version that must answer; None is the newest at each call.
        retry: how to repeat calls that may be repeated.
        max_message_bytes: the largest request, in bytes of pictures.
        headers: sent with every request as metadata, see `serving.protocol.headers`.

    Raises:
        ConfigError: the address has no port or another scheme, or a header cannot be sent.
    """

    def __init__(
        self,
        address: str,
        *,
        model: str,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        version: int | None = None,
        retry: Retry | None = None,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._target, secure = _target(address)
        self._model = model
        self._timeout_s = timeout_s
        self._version = version
        self._retry = retry or Retry()
        self._limit_bytes = max_message_bytes
        self._headers = sendable(headers)
        options = _options(self._target, max_message_bytes + FRAME_BYTES)
        if secure:
            credentials = grpc.ssl_channel_credentials()
            self._channel = grpc.secure_channel(self._target, credentials, options=options)
        else:
            self._channel = grpc.insecure_channel(self._target, options=options)

    @property
    def address(self) -> str:
        """The server, as a user writes it."""
        return self._target

    @property
    def model(self) -> str:
        """The model's name."""
        return self._model

    def predict_pictures(
        self, pictures: Sequence[bytes], *, headers: Mapping[str, str] | None = None
    ) -> Predictions:
        """Classify encoded pictures; see `Client`."""
        outputs = self._predict(SIGNATURE_BYTES, pictures, sendable(headers))
        return to_predictions(outputs, count=len(pictures))

    def features(self, pictures: Sequence[bytes]) -> Features:
        """Return the embedding of encoded pictures; see `Client`."""
        return to_features(self._predict(SIGNATURE_FEATURES, pictures, {}), count=len(pictures))

    def status(self) -> tuple[VersionStatus, ...]:
        """Return every version the server has seen, newest first; see `Client`."""
        request = wire.GetModelStatusRequest()
        request.model_spec.name = self._model
        try:
            answer = self._call(STATUS, request, wire.GetModelStatusResponse, {})
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.NOT_FOUND:
                raise messages.no_model(self.address, self._model, serves=None) from None
            raise self._explain(error) from None
        return tuple(_version_status(entry) for entry in answer.model_version_status)

    def wait_until_available(self, *, timeout_s: float, version: int | None = None) -> int:
        """Wait until a version serves; see `Client`."""
        return wait_until_available(
            self.status,
            address=self.address,
            model=self._model,
            timeout_s=timeout_s,
            version=version or self._version,
        )

    def signature(self, name: str = SIGNATURE_BYTES) -> Signature:
        """Describe how to call the newest version; see `Client`."""
        request = wire.GetModelMetadataRequest(metadata_field=[SIGNATURE_FIELD])
        self._fill(request.model_spec)
        try:
            answer = self._call(METADATA, request, wire.GetModelMetadataResponse, {})
        except grpc.RpcError as error:
            raise self._explain(error) from None
        signatures = wire.SignatureDefMap()
        signatures.ParseFromString(answer.metadata[SIGNATURE_FIELD].value)
        found = signatures.signature_def
        if name not in found:
            raise messages.no_signature(self.address, self._model, name, sorted(found))
        return Signature(name, _specs(found[name].inputs), _specs(found[name].outputs))

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def __enter__(self) -> Self:
        """Use the client for the length of a block."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close it."""
        self.close()

    def _predict(
        self, signature: str, pictures: Sequence[bytes], headers: Mapping[str, str]
    ) -> Outputs:
        servable = prepare(pictures, address=self.address, limit_bytes=self._limit_bytes)
        request = wire.PredictRequest()
        self._fill(request.model_spec)
        request.model_spec.signature_name = signature
        tensor = request.inputs[INPUT_BYTES]
        tensor.dtype = wire.DT_STRING
        tensor.tensor_shape.dim.add(size=len(servable))
        tensor.string_val.extend(servable)
        try:
            answer = self._call(PREDICT, request, wire.PredictResponse, headers)
        except grpc.RpcError as error:
            raise self._explain(error) from None
        tensors = {name: tensor_values(tensor) for name, tensor in answer.outputs.items()}
        version = answer.model_spec.version.value
        return Outputs(tensors, version, self._model, self.address)

    def _fill(self, spec: Any) -> None:
        spec.name = self._model
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
        sent = {**self._headers, **headers}

        def attempt(left_s: float) -> Any:
            try:
                return ask(request, timeout=left_s, metadata=tuple(sent.items()))
            except grpc.RpcError as error:
                if error.code() == grpc.StatusCode.UNAVAILABLE:
                    raise PassingError(self._unavailable(error.details() or "")) from None
                if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
                    raise too_late(self.address, self._timeout_s) from None
                if error.code() == grpc.StatusCode.UNAUTHENTICATED:
                    raise messages.denied(self.address, sent) from None
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
            return messages.no_version(self.address, self._model, self._version, status)
        if code in REFUSALS:
            return messages.refused(self.address, details)
        if code == grpc.StatusCode.UNIMPLEMENTED:
            return messages.wrong_language(
                self.address, details, speaks="TensorFlow Serving's API", do=messages.NOT_SERVING
            )
        return messages.failed(self.address, f"{code.name}: {details}")


def _target(address: str) -> tuple[str, bool]:
    scheme, found, rest = address.rpartition("://")
    target = rest.rstrip("/")
    host, colon, port = target.rpartition(":")
    if (found and scheme not in {"grpc", "grpcs"}) or not (host and colon and port.isdigit()):
        form = "http://HOST:PORT, grpc://HOST:PORT or HOST:PORT"
        raise ConfigError(expected(form, received=f"'{address}'", do="correct the address"))
    return target, scheme == "grpcs"


def _options(target: str, message_bytes: int) -> list[tuple[str, int | str]]:
    host = urllib.parse.urlsplit(f"//{target}").hostname
    options: list[tuple[str, int | str]] = [
        ("grpc.max_send_message_length", message_bytes),
        ("grpc.max_receive_message_length", message_bytes),
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


def tensor_values(tensor: Any) -> Any:
    """Return a float32 array or a list of bytes; other types are not in our contract."""
    shape = tuple(dim.size for dim in tensor.tensor_shape.dim)
    if tensor.dtype == wire.DT_STRING:
        return list(tensor.string_val)
    if tensor.tensor_content:
        return np.frombuffer(tensor.tensor_content, dtype="<f4").reshape(shape)
    values = np.asarray(tensor.float_val, dtype=np.float32)
    missing = math.prod(shape) - len(values)
    if missing > 0 and len(values):
        # The wire format may leave out a tail of equal values.
        values = np.pad(values, (0, missing), mode="edge")
    return values.reshape(shape)
