"""Which TensorFlow Serving can load an export: a model's operations against those of a TensorFlow.

A server knows exactly the operations of the TensorFlow it was built from, so a model loads
when every operation, every attribute that differs from its default, and the graph's own
minimum version are known there. Run this with the TensorFlow whose server is in question:
`python -m serving.server.loadable FOLDER`.
"""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.common.errors import DataError, ExportError, GraftError

LOG = logging.getLogger(__name__)
SAVED_MODEL = "saved_model.pb"


def check_loadable(saved_model: Path) -> tuple[str, list[str]]:
    """Compare the operations of a SavedModel with those of the installed TensorFlow.

    Args:
        saved_model: a version folder, with `saved_model.pb`.

    Returns:
        Version of the TensorFlow that wrote the model, and its operations, sorted by name.

    Raises:
        DataError: there is no SavedModel, or it is damaged.
        ExportError: the installed TensorFlow cannot load it.
    """
    import tensorflow as tf
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    try:
        model = saved_model_pb2.SavedModel.FromString((saved_model / SAVED_MODEL).read_bytes())
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
            if node.op not in functions:
                operations.add(node.op)
                unknown.update(_unknown(node))
    written_by = model.meta_graphs[-1].meta_info_def.tensorflow_version
    oldest_reader = max(meta.graph_def.versions.min_consumer for meta in model.meta_graphs)
    if unknown or oldest_reader > tf.version.GRAPH_DEF_VERSION:
        wanted = ", ".join(sorted(unknown)) or f"graph version {oldest_reader}"
        raise ExportError(
            f"a model that TensorFlow {tf.__version__} can load",
            received=f"one of TensorFlow {written_by} that needs {wanted}",
            do="serve it with that version, or export with the server's",
        )
    return written_by, sorted(operations)


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
        written_by, operations = check_loadable(Path(sys.argv[1]))
    except GraftError as error:
        LOG.error("%s", error)
        return error.exit_code
    import tensorflow as tf

    LOG.info(
        "written by TensorFlow %s, loads in %s: %d operations, all known: %s",
        written_by,
        tf.__version__,
        len(operations),
        " ".join(operations),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
