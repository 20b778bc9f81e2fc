"""Signatures of a SavedModel, read from its file rather than from loaded objects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serving.protocol.status import failed_precondition

DEFAULT_SIGNATURE = "serving_default"


@dataclass(frozen=True)
class Endpoint:
    """One input or output: the tensor it stands for and its DataType number."""

    tensor: str
    dtype: int


@dataclass(frozen=True)
class Signature:
    """A way to call the model; `defaults` are TensorProtos for inputs that may be left out."""

    name: str
    method: str
    inputs: Mapping[str, Endpoint]
    outputs: Mapping[str, Endpoint]
    defaults: Mapping[str, Any]


def read_signatures(meta_graph: Any) -> dict[str, Signature]:
    """Return the signatures of a MetaGraphDef by name, inputs and outputs sorted by name."""
    return {
        name: Signature(
            name=name,
            method=proto.method_name,
            inputs=_endpoints(proto.inputs),
            outputs=_endpoints(proto.outputs),
            defaults=dict(proto.defaults),
        )
        for name, proto in meta_graph.signature_def.items()
    }


def _endpoints(infos: Mapping[str, Any]) -> dict[str, Endpoint]:
    return {name: Endpoint(infos[name].name, infos[name].dtype) for name in sorted(infos)}


def find_signature(signatures: Mapping[str, Signature], name: str) -> Signature:
    """Return the signature that Predict means; "" is the default one.

    Raises:
        StatusError: FAILED_PRECONDITION, as the original's Predict answers.
    """
    wanted = name or DEFAULT_SIGNATURE
    if wanted not in signatures:
        raise failed_precondition(f'Serving signature key "{wanted}" not found.')
    return signatures[wanted]
