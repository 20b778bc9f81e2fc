"""REST requests on models: bytes in, bytes out, independent of the HTTP library."""

from typing import Any

from serving.protocol.rest_paths import Target, Verb
from serving.protocol.status import invalid_argument
from serving.server.examples import classify, regress
from serving.server.graph.predict import run_signature
from serving.server.graph.servable import Servable
from serving.server.graph.signatures import DEFAULT_SIGNATURE, Signature
from serving.server.json_examples import fill_input
from serving.server.json_inputs import parse_inputs, signature_name
from serving.server.json_outputs import classification_body, predict_body, regression_body
from serving.server.json_parse import parse_object
from serving.server.models.catalogue import ServerCore
from serving.server.models.model_info import model_metadata, model_status


class RestHandlers:
    """Answers of the REST API; each method raises StatusError where the original errs."""

    def __init__(self, core: ServerCore, *, timeout_ms: int, check_method: bool) -> None:
        self._core = core
        self._timeout_ms = timeout_ms
        self._check_method = check_method

    def answer(self, target: Target, body: bytes) -> bytes:
        """Return the body of a 200 answer."""
        if target.verb is Verb.PREDICT:
            return self._predict(target, body)
        if target.verb in {Verb.CLASSIFY, Verb.REGRESS}:
            return self._examples(target, body)
        if not target.model:
            raise invalid_argument("Missing model name in request.")
        return self._metadata(target) if target.verb is Verb.METADATA else self._status(target)

    def _predict(self, target: Target, body: bytes) -> bytes:
        document = parse_object(body)
        name = signature_name(document)
        with self._core.lease(_spec(target)) as servable:
            signature = _signature(servable, name)
            parsed = parse_inputs(document, signature.inputs)
            # The parsed body can weigh ten times its arrays; it is not needed while they run.
            del document
            feeds = {
                signature.inputs[alias].tensor: array for alias, array in parsed.arrays.items()
            }
            aliases = list(signature.outputs)
            arrays = run_signature(servable, signature, feeds, aliases, timeout_ms=self._timeout_ms)
        return predict_body(dict(zip(aliases, arrays, strict=True)), parsed.format)

    def _examples(self, target: Target, body: bytes) -> bytes:
        from tensorflow_serving.apis import classification_pb2, regression_pb2

        is_classify = target.verb is Verb.CLASSIFY
        request = (
            classification_pb2.ClassificationRequest()
            if is_classify
            else regression_pb2.RegressionRequest()
        )
        request.model_spec.CopyFrom(_spec(target))
        document = parse_object(body)
        request.model_spec.signature_name = signature_name(document)
        fill_input(document, request.input)
        response = (
            classification_pb2.ClassificationResponse()
            if is_classify
            else regression_pb2.RegressionResponse()
        )
        run = classify if is_classify else regress
        with self._core.lease(request.model_spec) as servable:
            run(
                servable,
                request,
                response,
                timeout_ms=self._timeout_ms,
                check_method=self._check_method,
            )
        write = classification_body if is_classify else regression_body
        return write(response.result)

    def _status(self, target: Target) -> bytes:
        from tensorflow_serving.apis import get_model_status_pb2

        request = get_model_status_pb2.GetModelStatusRequest(model_spec=_spec(target))
        response = get_model_status_pb2.GetModelStatusResponse()
        model_status(self._core, request, response)
        return (_json(response) + "\n").encode()

    def _metadata(self, target: Target) -> bytes:
        from tensorflow_serving.apis import get_model_metadata_pb2

        request = get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=_spec(target), metadata_field=["signature_def"]
        )
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        model_metadata(self._core, request, response)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        response.metadata["signature_def"].Unpack(signatures)
        # Joined by hand, as in the original: there `signature_def` appears twice.
        return (
            '{\n"model_spec":' + _json(response.model_spec) + "\n,\n"
            '"metadata": {"signature_def": ' + _json(signatures) + "\n}\n}\n"
        ).encode()


def _spec(target: Target) -> Any:
    from tensorflow_serving.apis import model_pb2

    spec = model_pb2.ModelSpec(name=target.model)
    if target.version is not None:
        spec.version.value = target.version
    if target.label is not None:
        spec.version_label = target.label
    return spec


def _signature(servable: Servable, name: str) -> Signature:
    wanted = name or DEFAULT_SIGNATURE
    if wanted not in servable.signatures:
        raise invalid_argument(f'Serving signature name: "{wanted}" not found in signature def')
    signature = servable.signatures[wanted]
    if not signature.inputs:
        raise invalid_argument(f"Failed to get input map for signature: {name or 'DEFAULT'}")
    return signature


def _json(message: Any) -> str:
    from google.protobuf import json_format

    return json_format.MessageToJson(
        message,
        always_print_fields_with_no_presence=True,
        preserving_proto_field_name=True,
        indent=1,
    )
