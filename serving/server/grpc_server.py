"""The gRPC side: PredictionService, ModelService and, on request, the health service."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from components.common.errors import ServerError
from serving.protocol.addresses import is_loopback
from serving.protocol.status import (
    Code,
    StatusError,
    from_exception,
    grpc_message,
    invalid_argument,
)
from serving.server import metrics
from serving.server.flags import Flags
from serving.server.graph.predict import predict
from serving.server.models.catalogue import ModelCatalogue
from serving.server.models.model_info import model_metadata, model_status

_STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}
_INT32_MAX = 2**31 - 1


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predictions and metadata."""

    def __init__(self, catalogue: ModelCatalogue) -> None:
        self._catalogue = catalogue

    def Predict(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Run a signature on tensors."""
        model = request.model_spec.name
        begin = time.perf_counter()

        def work(response: Any) -> None:
            timeout_ms = _timeout_ms(context)
            if not request.HasField("model_spec"):
                raise invalid_argument("Missing ModelSpec")
            with self._catalogue.lease(request.model_spec) as servable:
                predict(servable, request, response, timeout_ms=timeout_ms)
            metrics.request_latency(model, "Predict", "GRPC", time.perf_counter() - begin)

        return _answer(context, predict_pb2.PredictResponse(), work, model=model)

    def GetModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Return the signatures of a version."""
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        return _answer(
            context, response, lambda answer: model_metadata(self._catalogue, request, answer)
        )

    def _predict_only(self, _: Any, context: Any) -> Any:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "This server answers Predict only")

    Classify = Regress = MultiInference = _predict_only


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """State and configuration."""

    def __init__(self, catalogue: ModelCatalogue, *, allow_reload: bool) -> None:
        self._catalogue = catalogue
        self._allow_reload = allow_reload

    def GetModelStatus(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Return the states of a model's versions."""
        response = get_model_status_pb2.GetModelStatusResponse()
        return _answer(
            context, response, lambda answer: model_status(self._catalogue, request, answer)
        )

    def HandleReloadConfigRequest(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Replace the configuration; returns when the new models are available."""

        def work(_: Any) -> None:
            if not self._allow_reload:
                raise StatusError(
                    Code.PERMISSION_DENIED,
                    "This server is not bound to loopback and was started without "
                    "--allow_remote_reload",
                )
            if request.config.WhichOneof("config") != "model_config_list":
                raise invalid_argument(
                    "ServerModelConfig type not supported by HandleReloadConfigRequest. Only "
                    "ModelConfigList is currently supported"
                )
            self._catalogue.reload(request.config, cancelled=lambda: not context.is_active())

        return _answer(context, model_management_pb2.ReloadConfigResponse(), work)


def _timeout_ms(context: Any) -> int:
    """Return the call's remaining time; 0 is without limit."""
    remaining = context.time_remaining()
    if remaining is None or remaining * 1000 > _INT32_MAX:
        return 0
    if remaining <= 0:
        raise StatusError(Code.DEADLINE_EXCEEDED, "Deadline Exceeded")
    return max(1, int(remaining * 1000))


def _answer(context: Any, response: Any, work: Callable[[Any], None], *, model: str = "") -> Any:
    """Run `work`; translate what it raises into the call's status."""
    if not context.is_active():
        # Cancelled while it waited for a thread: nobody reads the answer.
        return response
    code = Code.OK
    try:
        work(response)
    except Exception as error:
        problem = from_exception(error)
        code = problem.code
        response = type(response)()
        context.set_code(_STATUS_CODES[int(code)])
        context.set_details(grpc_message(problem.message))
    if model:
        metrics.request_count(model, code.name)
    return response


def build_server(
    catalogue: ModelCatalogue, flags: Flags, *, threads: int, ssl: Any
) -> tuple[Any, int]:
    """Return a gRPC server that is bound but not started, and its port.

    `ssl` is an SSLConfig message, None without TLS.

    Raises:
        ServerError: a port cannot be bound, or the TLS files do not fit.
    """
    server = grpc.server(
        ThreadPoolExecutor(threads, thread_name_prefix="grpc"),
        options=[
            ("grpc.max_receive_message_length", _INT32_MAX),
            ("grpc.max_send_message_length", _INT32_MAX),
            # Otherwise a second server takes the same port silently and steals half the calls.
            ("grpc.so_reuseport", 0),
            *_channel_arguments(flags.grpc_channel_arguments),
        ],
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionService(catalogue), server
    )
    allow_reload = flags.allow_remote_reload or is_loopback(flags.host)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(
        ModelService(catalogue, allow_reload=allow_reload), server
    )
    if flags.enable_grpc_healthcheck_service:
        _add_health(server)
    host = f"[{flags.host}]" if ":" in flags.host else flags.host
    address = f"{host}:{flags.port}"
    try:
        if ssl is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, _credentials(ssl))
    except (RuntimeError, ValueError) as error:
        raise ServerError(
            f"{address} to be free and TLS files to fit", received=error, do="choose others"
        ) from None
    return server, int(port)


def _credentials(ssl: Any) -> Any:
    return grpc.ssl_server_credentials(
        [(ssl.server_key.encode(), ssl.server_cert.encode())],
        root_certificates=ssl.custom_ca.encode() or None,
        require_client_auth=ssl.client_verify,
    )


def _channel_arguments(text: str) -> list[tuple[str, int | str]]:
    pairs = (part.partition("=")[::2] for part in text.split(",") if part)
    return [(key, int(value) if value.lstrip("-").isdigit() else value) for key, value in pairs]


def _add_health(server: Any) -> None:
    from grpc_health.v1 import health, health_pb2, health_pb2_grpc

    servicer = health.HealthServicer()
    for name in ("", "PredictionService", "ModelService"):
        servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
