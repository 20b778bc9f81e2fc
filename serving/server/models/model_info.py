"""GetModelStatus and GetModelMetadata."""

from typing import Any

from serving.protocol.status import invalid_argument, not_found
from serving.server.models.catalogue import ModelCatalogue


def model_status(catalogue: ModelCatalogue, request: Any, response: Any) -> None:
    """Answer a GetModelStatusRequest: all versions ever seen, newest first, or the one asked for.

    A label is not looked at, and ended versions stay listed, as in the original.
    """
    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")
    spec = request.model_spec
    records = catalogue.states.of_model(spec.name)
    if spec.WhichOneof("version_choice") == "version":
        version = spec.version.value
        records = [record for record in records if record.version == version]
        if not records:
            raise not_found(f"Could not find version {version} of model {spec.name}")
    if not records:
        raise not_found(f"Could not find any versions of model {spec.name}")
    for record in records:
        added = response.model_version_status.add(version=record.version, state=int(record.state))
        added.status.error_code = int(record.code)
        added.status.error_message = record.message


def model_metadata(catalogue: ModelCatalogue, request: Any, response: Any) -> None:
    """Answer a GetModelMetadataRequest for `signature_def`, the only field there is."""
    from tensorflow_serving.apis import get_model_metadata_pb2

    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")
    if not request.metadata_field:
        raise invalid_argument("GetModelMetadataRequest must specify at least one metadata_field")
    for field in request.metadata_field:
        if field != "signature_def":
            raise invalid_argument(f"Metadata field {field} is not supported")
    with catalogue.lease(request.model_spec) as servable:
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for name, signature in servable.signatures.items():
            signatures.signature_def[name].CopyFrom(signature)
        response.model_spec.name = request.model_spec.name
        response.model_spec.version.value = servable.version
    response.metadata["signature_def"].Pack(signatures)
