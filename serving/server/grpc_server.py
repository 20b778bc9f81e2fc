"""The gRPC side: PredictionService, ModelService and, on request, the health service."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

from components.common.errors import ServerError, expected
from serving.protocol.status import (
    Code,
    StatusError,
    from_exception,
    grpc_message,
    invalid_argument,
)
from serving.server import metrics
from serving.server.config_files import SslConfig
from serving.server.examples import classify, multi_inference, regress
from serving.server.graph.predict import predict
from serving.server.models.catalogue import ServerCore
from serving.server.models.model_info import model_metadata, model_status

_LOG = logging.getLogger(__name__)
_STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}
_INT32_MAX = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class GrpcOptions:
    """How the gRPC listener behaves; an empty address is not listened on."""

    address: str
    socket_path: str
    threads: int
    channel_arguments: str
    ssl: SslConfig | None
    health: bool
    as_content: bool
    check_method: bool
    allow_reload: bool


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Inference and metadata."""

    def __init__(self, core: ServerCore, options: GrpcOptions) -> None:
        self._core = core
        self._options = options

    def Predict(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Run a signature on tensors."""

        def work(response: Any, timeout_ms: int) -> None:
            if not request.HasField("model_spec"):
                raise invalid_argument("Missing ModelSpec")
            with self._core.lease(request.model_spec) as servable:
                predict(
                    servable,
                    request,
                    response,
                    timeout_ms=timeout_ms,
                    as_content=self._options.as_content,
                    check_method=self._options.check_method,
                )

        return _infer(
            "Predict", request.model_spec.name, context, predict_pb2.PredictResponse(), work
        )

    def Classify(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Run a classification signature on tf.Examples."""
        return self._examples(
            "Classify", request, context, classification_pb2.ClassificationResponse(), classify
        )

    def Regress(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Run a regression signature on tf.Examples."""
        return self._examples(
            "Regress", request, context, regression_pb2.RegressionResponse(), regress
        )

    def _examples(
        self, api: str, request: Any, context: Any, response: Any, run: Callable[..., None]
    ) -> Any:
        def work(answer: Any, timeout_ms: int) -> None:
            if not request.HasField("model_spec"):
                raise invalid_argument("Missing ModelSpec")
            with self._core.lease(request.model_spec) as servable:
                run(
                    servable,
                    request,
                    answer,
                    timeout_ms=timeout_ms,
                    check_method=self._options.check_method,
                )

        return _infer(api, request.model_spec.name, context, response, work)

    def MultiInference(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Run several signatures of one model on the same tf.Examples."""
        name = request.tasks[0].model_spec.name if request.tasks else ""

        def work(response: Any, timeout_ms: int) -> None:
            if not request.tasks:
                raise invalid_argument("Inference request must have at least one task.")
            with self._core.lease(request.tasks[0].model_spec) as servable:
                multi_inference(
                    servable,
                    request,
                    response,
                    timeout_ms=timeout_ms,
                    check_method=self._options.check_method,
                )

        return _infer("MultiInference", name, context, inference_pb2.MultiInferenceResponse(), work)

    def GetModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Return the signatures of a version."""
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        return _answer(
            context, response, lambda answer: model_metadata(self._core, request, answer)
        )


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """State and configuration."""

    def __init__(self, core: ServerCore, options: GrpcOptions) -> None:
        self._core = core
        self._options = options

    def GetModelStatus(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Return the states of a model's versions."""
        response = get_model_status_pb2.GetModelStatusResponse()
        return _answer(context, response, lambda answer: model_status(self._core, request, answer))

    def HandleReloadConfigRequest(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Replace the configuration; returns when the new models are available."""

        def work(_: Any) -> None:
            if not self._options.allow_reload:
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
            self._core.reload(request.config, cancelled=lambda: not context.is_active())

        return _answer(context, model_management_pb2.ReloadConfigResponse(), work)


def _infer(
    api: str,
    model: str,
    context: Any,
    response: Any,
    work: Callable[[Any, int], None],
) -> Any:
    begin = time.perf_counter()

    def timed(answer: Any) -> None:
        work(answer, _timeout_ms(context))

    try:
        return _answer(context, response, timed, model=model)
    finally:
        if context.code() in {None, grpc.StatusCode.OK}:
            metrics.request_latency(model, api, "GRPC", time.perf_counter() - begin)


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
    try:
        work(response)
    except Exception as error:
        problem = from_exception(error)
        if model:
            metrics.request_count(model, problem.code.name)
        context.set_code(_STATUS_CODES[int(problem.code)])
        context.set_details(grpc_message(problem.message))
        return type(response)()
    if model:
        metrics.request_count(model, "OK")
    return response


def build_server(core: ServerCore, options: GrpcOptions) -> Any:
    """Return a gRPC server that is bound but not started.

    Raises:
        ServerError: a port cannot be bound, or the TLS files do not fit.
    """
    server = grpc.server(
        ThreadPoolExecutor(options.threads, thread_name_prefix="grpc"),
        options=[
            ("grpc.max_receive_message_length", _INT32_MAX),
            ("grpc.max_send_message_length", _INT32_MAX),
            # Otherwise a second server takes the same port silently and steals half the calls.
            ("grpc.so_reuseport", 0),
            *_channel_arguments(options.channel_arguments),
        ],
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionService(core, options), server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(core, options), server)
    if options.health:
        _add_health(server)
    if options.address:
        _bind(server, options.address, options.ssl)
    if options.socket_path:
        _bind(server, f"unix:{options.socket_path}", None)
    return server


def _bind(server: Any, address: str, ssl: SslConfig | None) -> None:
    try:
        if ssl is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, _credentials(ssl))
    except (RuntimeError, ValueError) as error:
        raise ServerError(
            expected(f"{address} to be free and TLS files to fit", received=error, do="choose")
        ) from None
    if port == 0 and not address.startswith("unix:"):
        raise ServerError(f"Failed to BuildAndStart gRPC server at {address}")


def _credentials(ssl: SslConfig) -> Any:
    return grpc.ssl_server_credentials(
        [(ssl.server_key.encode(), ssl.server_cert.encode())],
        root_certificates=ssl.custom_ca.encode() or None,
        require_client_auth=ssl.client_verify,
    )


def _channel_arguments(text: str) -> list[tuple[str, int | str]]:
    arguments: list[tuple[str, int | str]] = []
    for part in filter(None, text.split(",")):
        key, _, value = part.partition("=")
        number = value.lstrip("-").isdigit()
        arguments.append((key, int(value) if number else value))
    return arguments


def _add_health(server: Any) -> None:
    from grpc_health.v1 import health, health_pb2, health_pb2_grpc

    servicer = health.HealthServicer()
    for name in ("", "PredictionService", "ModelService"):
        servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
