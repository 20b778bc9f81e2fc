"""REST requests on models: bytes in, bytes out, independent of the HTTP library."""

from typing import Any

from serving.protocol.rest_paths import Target, Verb
from serving.protocol.status import invalid_argument, not_found
from serving.server.graph.servable import DEFAULT_SIGNATURE
from serving.server.json_inputs import parse_inputs, parse_object
from serving.server.json_outputs import predict_body
from serving.server.models.catalogue import ModelCatalogue
from serving.server.models.model_info import model_metadata, model_status


def answer(catalogue: ModelCatalogue, target: Target, body: bytes, *, timeout_ms: int) -> bytes:
    """Return the body of a 200 answer.

    Raises:
        StatusError: any other answer, with TensorFlow Serving's code.
    """
    if target.verb is Verb.PREDICT:
        return _predict(catalogue, target, body, timeout_ms)
    if target.verb in {Verb.CLASSIFY, Verb.REGRESS}:
        raise not_found(f"This server answers :predict only, not :{target.verb.value}")
    if not target.model:
        raise invalid_argument("Missing model name in request.")
    if target.verb is Verb.METADATA:
        return _metadata(catalogue, target)
    return _status(catalogue, target)


def _predict(catalogue: ModelCatalogue, target: Target, body: bytes, timeout_ms: int) -> bytes:
    document = parse_object(body)
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid_argument("'signature_name' key must be a string value.")
    name = name or DEFAULT_SIGNATURE
    with catalogue.lease(_spec(target)) as servable:
        if name not in servable.signatures:
            raise invalid_argument(f'Serving signature name: "{name}" not found in signature def')
        signature = servable.signatures[name]
        if not signature.inputs:
            raise invalid_argument(f"Failed to get input map for signature: {name}")
        dtypes = {alias: signature.inputs[alias].dtype for alias in sorted(signature.inputs)}
        inputs, by_row = parse_inputs(document, dtypes)
        # The parsed body can weigh ten times its arrays; it is not needed while they run.
        del document
        outputs = servable.run(name, inputs, sorted(signature.outputs), timeout_ms=timeout_ms)
    return predict_body(outputs, by_row=by_row)


def _status(catalogue: ModelCatalogue, target: Target) -> bytes:
    from tensorflow_serving.apis import get_model_status_pb2

    request = get_model_status_pb2.GetModelStatusRequest(model_spec=_spec(target))
    response = get_model_status_pb2.GetModelStatusResponse()
    model_status(catalogue, request, response)
    return _json(response).encode()


def _metadata(catalogue: ModelCatalogue, target: Target) -> bytes:
    from tensorflow_serving.apis import get_model_metadata_pb2

    request = get_model_metadata_pb2.GetModelMetadataRequest(
        model_spec=_spec(target), metadata_field=["signature_def"]
    )
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    model_metadata(catalogue, request, response)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    response.metadata["signature_def"].Unpack(signatures)
    # Joined by hand: in TensorFlow Serving's answer, too, `signature_def` stands twice.
    return (
        f'{{"model_spec": {_json(response.model_spec)}, '
        f'"metadata": {{"signature_def": {_json(signatures)}}}}}'
    ).encode()


def _spec(target: Target) -> Any:
    from tensorflow_serving.apis import model_pb2

    spec = model_pb2.ModelSpec(name=target.model)
    if target.version is not None:
        spec.version.value = target.version
    if target.label is not None:
        spec.version_label = target.label
    return spec


def _json(message: Any) -> str:
    from google.protobuf import json_format

    return json_format.MessageToJson(
        message, always_print_fields_with_no_presence=True, preserving_proto_field_name=True
    )
