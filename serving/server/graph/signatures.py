"""Signatures of a SavedModel, read from its file rather than from loaded objects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_SIGNATURE = "serving_default"


@dataclass(frozen=True)
class Endpoint:
    """One input or output: the tensor it stands for and its DataType number."""

    tensor: str
    dtype: int


@dataclass(frozen=True)
class ServedSignature:
    """A way to call the model; inputs and outputs are sorted by name."""

    name: str
    inputs: Mapping[str, Endpoint]
    outputs: Mapping[str, Endpoint]


def read_signatures(meta_graph: Any) -> dict[str, ServedSignature]:
    """Return the signatures of a MetaGraphDef by name."""
    return {
        name: ServedSignature(name, _endpoints(proto.inputs), _endpoints(proto.outputs))
        for name, proto in meta_graph.signature_def.items()
    }


def _endpoints(infos: Mapping[str, Any]) -> dict[str, Endpoint]:
    return {name: Endpoint(infos[name].name, infos[name].dtype) for name in sorted(infos)}
