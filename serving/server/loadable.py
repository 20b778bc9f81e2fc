"""Which TensorFlow Serving can load an export: a model's operations against those of a TensorFlow.

A server knows exactly the operations of the TensorFlow it was built from, so a model loads
when every operation, every attribute that differs from its default, and the graph's own
minimum version are known there. Run this with the TensorFlow whose server is in question:
`python -m serving.server.loadable FOLDER`.
"""

import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.common.errors import DataError, ExportError, GraftError

LOG = logging.getLogger(__name__)
SAVED_MODEL = "saved_model.pb"


@dataclass(frozen=True, kw_only=True)
class GraphOps:
    """What a SavedModel asks of the TensorFlow that loads it.

    Attributes:
        operations: names of all operations, sorted.
        unknown: operations, or `Operation.attribute`, that this TensorFlow does not have.
        written_by: version of the TensorFlow that wrote the model.
        checked_with: version of the TensorFlow that was compared.
        min_consumer: oldest graph version that may read the model.
        graph_version: graph version of the TensorFlow that was compared.
    """

    operations: tuple[str, ...]
    unknown: tuple[str, ...]
    written_by: str
    checked_with: str
    min_consumer: int
    graph_version: int

    @property
    def loadable(self) -> bool:
        """Whether the compared TensorFlow has all that the model needs."""
        return not self.unknown and self.min_consumer <= self.graph_version


def read_graph_ops(saved_model: Path) -> GraphOps:
    """Compare the operations of a SavedModel with those of the installed TensorFlow.

    Args:
        saved_model: a version folder, with `saved_model.pb`.

    Raises:
        DataError: there is no SavedModel, or it is damaged.
    """
    import tensorflow as tf
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    path = saved_model / SAVED_MODEL
    try:
        model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    except (OSError, DecodeError) as error:
        raise DataError(
            f"a SavedModel in {saved_model}", received=str(error), do="export it again"
        ) from None
    operations: set[str] = set()
    unknown: set[str] = set()
    for graph in (meta.graph_def for meta in model.meta_graphs):
        functions = {function.signature.name for function in graph.library.function}
        for node in _nodes(graph):
            # Functions of the graph itself are called like operations.
            if node.op in functions:
                continue
            operations.add(node.op)
            unknown.update(_unknown(node))
    newest = model.meta_graphs[-1]
    return GraphOps(
        operations=tuple(sorted(operations)),
        unknown=tuple(sorted(unknown)),
        written_by=newest.meta_info_def.tensorflow_version,
        checked_with=tf.__version__,
        min_consumer=max(meta.graph_def.versions.min_consumer for meta in model.meta_graphs),
        graph_version=tf.version.GRAPH_DEF_VERSION,
    )


def check_loadable(saved_model: Path) -> GraphOps:
    """Return the comparison; ExportError when the installed TensorFlow cannot load the model."""
    found = read_graph_ops(saved_model)
    if not found.loadable:
        wanted = ", ".join(found.unknown) or f"graph version {found.min_consumer}"
        raise ExportError(
            f"a model that TensorFlow {found.checked_with} can load",
            received=f"one of TensorFlow {found.written_by} that needs {wanted}",
            do="serve it with that version, or export with the server's",
        )
    return found


def _nodes(graph: Any) -> Iterator[Any]:
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def _unknown(node: Any) -> Iterator[str]:
    from tensorflow.python.framework import op_def_registry

    definition = op_def_registry.get(node.op)
    if definition is None:
        yield node.op
        return
    known = {attribute.name for attribute in definition.attr}
    for name in node.attr:
        # Names that begin with an underscore are hints, which every version ignores.
        if not name.startswith("_") and name not in known:
            yield f"{node.op}.{name}"


def main() -> int:
    """Report on the folder that the command line names; the exit code is 0 when it loads."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        found = check_loadable(Path(sys.argv[1]))
    except GraftError as error:
        LOG.error("%s", error)
        return error.exit_code
    LOG.info(
        "written by TensorFlow %s, loads in %s: %d operations, all known: %s",
        found.written_by,
        found.checked_with,
        len(found.operations),
        " ".join(found.operations),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
