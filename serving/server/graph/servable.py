"""One loaded version: a TensorFlow session, its signatures, and the count of its users."""

import gc
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serving.protocol.status import Code, StatusError, from_exception
from serving.server.config_files import BatchingParameters
from serving.server.graph.batching import BatchedSignature, add_batching, check_batchable
from serving.server.graph.first_runs import FirstRuns
from serving.server.graph.signatures import ServedSignature, read_signatures

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """How graphs are loaded and run; 0 threads means that TensorFlow decides."""

    intra_op_threads: int = 0
    gpu_memory_fraction: float = 0.0
    batching: BatchingParameters | None = None


class Servable:
    """A version that can answer.

    A session, rather than an eager function, because it is what the original runs: the same
    error texts, a real run timeout, no shape check beyond the ops' own, and memory that is
    returned when it closes.
    """

    def __init__(self, *, model: str, version: int, path: Path, options: SessionOptions) -> None:
        self.model = model
        self.version = version
        self.path = path
        self._users = 0
        self._closing = False
        self._idle = threading.Condition()
        self._first_runs = FirstRuns()
        self._load(options)

    def _load(self, options: SessionOptions) -> None:
        import tensorflow as tf
        from tensorflow.python.client import pywrap_tf_session

        config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=options.intra_op_threads)
        config.gpu_options.per_process_gpu_memory_fraction = options.gpu_memory_fraction
        self._native = pywrap_tf_session
        self._run_options = tf.compat.v1.RunOptions
        self._graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=self._graph, config=config)
        try:
            with self._graph.as_default():
                self.meta_graph = tf.compat.v1.saved_model.load(
                    self._session, ["serve"], str(self.path)
                )
            self.signatures = read_signatures(self.meta_graph)
            self._batched: dict[str, BatchedSignature] = {}
            if options.batching is not None:
                self._batched = add_batching(self._graph, self.signatures, options.batching)
            self._session._extend_graph()
        except BaseException:
            self._session.close()
            raise
        # The graph is not needed again, only its signatures: it can weigh as much as the file.
        self.meta_graph.ClearField("graph_def")
        self._handles = self._collect_handles()

    def _collect_handles(self) -> dict[str, Any]:
        names = {
            endpoint.tensor
            for signature in self.signatures.values()
            for endpoint in (*signature.inputs.values(), *signature.outputs.values())
            if endpoint.tensor
        }
        return {
            name: self._graph.get_tensor_by_name(name)._as_tf_output()
            for name in names
            if ":" in name
        }

    def acquire(self) -> bool:
        """Take a share; False when the version is being unloaded."""
        with self._idle:
            if self._closing:
                return False
            self._users += 1
            return True

    def release(self) -> None:
        """Give a share back."""
        with self._idle:
            self._users -= 1
            self._idle.notify_all()

    def close(self) -> None:
        """Refuse new users, wait for the present ones, return the memory."""
        with self._idle:
            self._closing = True
            self._idle.wait_for(lambda: self._users == 0)
        self._session.close()
        del self._session, self._graph, self._handles, self._batched
        gc.collect()

    def run(
        self,
        signature: ServedSignature,
        feeds: Mapping[str, Array],
        fetches: Sequence[str],
        *,
        timeout_ms: int = 0,
    ) -> list[Array]:
        """Run the graph, batched with other requests of the signature where that is enabled.

        A batch that fails is run again request by request, so that one bad picture does not
        fail its neighbours; the original lets them fail.

        Args:
            signature: whose batch queue to join.
            feeds: tensor name -> value.
            fetches: tensor names.
            timeout_ms: 0 is without limit.

        Raises:
            StatusError: the code and text of the op that failed.
        """
        # One order for one set of outputs: every order would cost an executor of its own.
        wanted = sorted(set(fetches))
        values = self._run_best(signature, feeds, wanted, timeout_ms)
        found = dict(zip(wanted, values, strict=True))
        return [found[name] for name in fetches]

    def _run_best(
        self,
        signature: ServedSignature,
        feeds: Mapping[str, Array],
        wanted: list[str],
        timeout_ms: int,
    ) -> list[Array]:
        batched = self._batched.get(signature.name)
        if batched is not None:
            check_batchable(feeds, batched.parameters)
            inputs = {batched.feeds[name]._as_tf_output(): value for name, value in feeds.items()}
            outputs = [batched.fetches[name]._as_tf_output() for name in wanted]
            try:
                with self._first_runs.turn(("batched", *feeds, *wanted), timeout_ms):
                    return self._run(inputs, outputs, timeout_ms)
            except StatusError as error:
                # Another request's fault may have failed the batch: a lone run tells.
                if error.code in {Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.CANCELLED}:
                    raise
        inputs = {self._handles[name]: value for name, value in feeds.items()}
        outputs = [self._handles[name] for name in wanted]
        with self._first_runs.turn((*feeds, *wanted), timeout_ms):
            return self._run(inputs, outputs, timeout_ms)

    def _run(self, feeds: dict[Any, Array], fetches: list[Any], timeout_ms: int) -> list[Array]:
        options = None
        if timeout_ms > 0:
            limits = self._run_options(timeout_in_ms=timeout_ms)
            options = self._native.TF_NewBufferFromString(limits.SerializeToString())
        try:
            results = self._native.TF_SessionRun_wrapper(
                self._session._session, options, feeds, fetches, [], None
            )
        except Exception as error:
            raise from_exception(error) from None
        finally:
            if options is not None:
                self._native.TF_DeleteBuffer(options)
        return [_as_array(result) for result in results]


def _as_array(result: Any) -> Array:
    """Return a fetched value as an array; the runtime hands scalars over as bare values."""
    if isinstance(result, bytes):
        scalar = np.empty((), object)
        scalar[()] = result
        return scalar
    return np.asarray(result)
