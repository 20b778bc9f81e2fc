"""Dynamic batching on TensorFlow's own scheduler (`tf.raw_ops.BatchFunction`).

The part of the graph that a signature needs is copied into a function, and a BatchFunction op
calls it: requests that run at the same time are concatenated, run once, and split again inside
the runtime, without the GIL. Variables and tables are captured, not copied.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from serving.protocol.status import invalid_argument
from serving.server.config_files import BatchingParameters

_LOG = logging.getLogger(__name__)

# TensorFlow optimises a function that the session's graph calls, and each that is called in it, all
# of which hold the whole network. One that has this attribute, which is tf.data's, it leaves to the
# time when its calls are first made.
_OPTIMISED_WHEN_CALLED = {"_tf_data_function": True}
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


@dataclass(frozen=True)
class BatchedSignature:
    """Placeholders and outputs of a signature's batched twin, by the twin's tensor names."""

    feeds: Mapping[str, Any]
    fetches: Mapping[str, Any]
    parameters: BatchingParameters


def add_batching(
    graph: Any, signatures: Mapping[str, Any], parameters: BatchingParameters, *, session: Any
) -> dict[str, BatchedSignature]:
    """Add a batched twin of each signature to a loaded graph.

    `session` is its ConfigProto. A signature that cannot be put into a function (TF1 reference
    variables) is served unbatched, with a warning.
    """
    definition = graph.as_graph_def()
    batched: dict[str, BatchedSignature] = {}
    for name, signature in signatures.items():
        if not signature.inputs or not signature.outputs or name.startswith("__"):
            continue
        try:
            batched[name] = _batched_twin(graph, definition, signature, parameters, session)
        except (ValueError, TypeError, KeyError) as error:
            _LOG.warning("signature %s is served without batching: %s", name, error)
    return batched


def _batched_twin(
    graph: Any, definition: Any, signature: Any, parameters: BatchingParameters, session: Any
) -> BatchedSignature:
    import tensorflow as tf

    inputs = sorted({info.name for info in signature.inputs.values()})
    outputs = sorted({info.name for info in signature.outputs.values()})
    with graph.as_default():
        part = tf.compat.v1.graph_util.extract_sub_graph(
            definition, [tensor.partition(":")[0] for tensor in outputs]
        )
        # The graph around it has the functions already, and they hold the weights. Only what calls
        # one by its name as the operation, as TensorFlow 1 did, is read with them.
        if {node.op for node in part.node}.isdisjoint(
            function.signature.name for function in part.library.function
        ):
            part.ClearField("library")
        resources = _resource_tensors(graph, part)
        calls = [node for node in part.node if node.op in _CALLS]
        for node in calls:
            node.attr["config_proto"].s = session.SerializeToString()

        @tf.function(
            autograph=False, experimental_attributes=_OPTIMISED_WHEN_CALLED if calls else None
        )
        def body(*arguments: Any) -> Any:
            function = tf.compat.v1.get_default_graph()
            mapping = dict(zip(inputs, arguments, strict=True))
            for resource in resources:
                mapping[resource] = function.capture(graph.get_tensor_by_name(resource))
            return tf.graph_util.import_graph_def(
                part, input_map=mapping, return_elements=outputs, name=""
            )

        placeholders = [
            tf.compat.v1.placeholder(graph.get_tensor_by_name(tensor).dtype, name="batch_input")
            for tensor in inputs
        ]
        concrete = body.get_concrete_function(
            *(tf.TensorSpec(one.shape, one.dtype) for one in placeholders)
        )
        results = tf.raw_ops.BatchFunction(
            in_tensors=placeholders,
            captured_tensors=concrete.captured_inputs,
            f=concrete,
            Tout=[one.dtype for one in concrete.outputs],
            num_batch_threads=parameters.num_batch_threads,
            max_batch_size=parameters.max_batch_size,
            batch_timeout_micros=parameters.batch_timeout_micros,
            allowed_batch_sizes=list(parameters.allowed_batch_sizes),
            max_enqueued_batches=parameters.max_enqueued_batches,
            enable_large_batch_splitting=parameters.enable_large_batch_splitting,
            shared_name=placeholders[0].op.name,
        )
    return BatchedSignature(
        feeds=dict(zip(inputs, placeholders, strict=True)),
        fetches=dict(zip(outputs, results, strict=True)),
        parameters=parameters,
    )


def _resource_tensors(graph: Any, part: Any) -> list[str]:
    """Return handles of variables and tables: the function must share them with the session."""
    operations = [graph.get_operation_by_name(node.name) for node in part.node]
    sources = [operation for operation in operations if not operation.inputs]
    outputs = [tensor for operation in sources for tensor in operation.outputs]
    return [tensor.name for tensor in outputs if tensor.dtype.name == "resource"]


def check_batchable(
    feeds: Mapping[str, "np.ndarray[Any, Any]"], parameters: BatchingParameters
) -> None:
    """Refuse what cannot join a batch.

    Raises:
        StatusError: INVALID_ARGUMENT; a scalar, unequal first dimensions, or too many rows.
    """
    if any(array.ndim == 0 for array in feeds.values()):
        raise invalid_argument(
            "Batching session Run() input tensors must have at least one dimension"
        )
    sizes = {array.shape[0] for array in feeds.values()}
    if len(sizes) > 1:
        raise invalid_argument(
            "Batching session Run() input tensors must have equal 0th-dimension size"
        )
    rows = max(sizes, default=0)
    if rows > parameters.max_batch_size and not parameters.enable_large_batch_splitting:
        raise invalid_argument(
            f"Task size {rows} is larger than maximum input batch size {parameters.max_batch_size}"
        )
