"""One loaded version: a TensorFlow session, its signatures, and the count of its users."""

import gc
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from serving.protocol.status import Code, StatusError, from_exception
from serving.server import metrics
from serving.server.config_files import BatchingParameters
from serving.server.graph.batching import BatchedSignature, add_batching, check_batchable
from serving.server.graph.first_runs import FirstRuns

_LOG = logging.getLogger(__name__)

Array = np.ndarray[Any, Any]
DEFAULT_SIGNATURE = "serving_default"


class Servable:
    """A version that can answer.

    A session, rather than an eager function, because it is what the original runs: the same
    error texts, a real run timeout, no shape check beyond the ops' own, and memory that is
    returned when it closes. `session` is its ConfigProto, `signatures` are the SavedModel's
    SignatureDefs by name.
    """

    def __init__(
        self,
        *,
        model: str,
        version: int,
        path: Path,
        batching: BatchingParameters | None,
        session: Any,
    ) -> None:
        self.model = model
        self.version = version
        self.path = path
        self._users = 0
        self._closing = False
        self._idle = threading.Condition()
        self._first_runs = FirstRuns()
        self._load(batching, session)

    def _load(self, batching: BatchingParameters | None, session: Any) -> None:
        import tensorflow as tf
        from tensorflow.python.client import pywrap_tf_session

        self._native = pywrap_tf_session
        self._run_options = tf.compat.v1.RunOptions
        self._graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=self._graph, config=session)
        try:
            with self._graph.as_default():
                loaded = tf.compat.v1.saved_model.load(self._session, ["serve"], str(self.path))
            # Copied: the graph, not needed again, can weigh as much as the file.
            self.signatures = {name: _copy(one) for name, one in loaded.signature_def.items()}
            self._batched: dict[str, BatchedSignature] = {}
            if batching is not None:
                self._batched = add_batching(
                    self._graph, self.signatures, batching, session=session
                )
            self._session._extend_graph()
        except BaseException:
            self._session.close()
            raise
        names = {
            info.name
            for signature in self.signatures.values()
            for info in (*signature.inputs.values(), *signature.outputs.values())
        }
        self._handles = {
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
        name: str,
        inputs: Mapping[str, Array],
        aliases: Sequence[str],
        *,
        timeout_ms: int,
    ) -> dict[str, Array]:
        """Run a signature, batched with other requests where that is enabled.

        A batch that fails is run again request by request, so that one bad picture does not
        fail its neighbours; the original lets them fail.

        Args:
            name: the signature's.
            inputs: value of each input.
            aliases: the outputs to return.
            timeout_ms: 0 is without limit.

        Raises:
            StatusError: the code and text of the op that failed.
        """
        signature = self.signatures[name]
        feeds = {signature.inputs[alias].name: array for alias, array in inputs.items()}
        fetches = {alias: signature.outputs[alias].name for alias in aliases}
        # One order for one set of outputs: every order would cost an executor of its own.
        wanted = sorted(set(fetches.values()))
        begin = time.perf_counter()
        values = self._run_best(name, feeds, wanted, timeout_ms)
        metrics.runtime_latency(self.model, time.perf_counter() - begin)
        found = dict(zip(wanted, values, strict=True))
        return {alias: found[tensor] for alias, tensor in fetches.items()}

    def _run_best(
        self, name: str, feeds: Mapping[str, Array], wanted: list[str], timeout_ms: int
    ) -> list[Array]:
        batched = self._batched.get(name)
        failed: StatusError | None = None
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
                failed = error
        inputs = {self._handles[name]: value for name, value in feeds.items()}
        outputs = [self._handles[name] for name in wanted]
        with self._first_runs.turn((*feeds, *wanted), timeout_ms):
            values = self._run(inputs, outputs, timeout_ms)
        if failed is not None:
            # Not seen in any answer: where it is not one bad neighbour, nothing is ever batched.
            _LOG.warning("a batch of %s failed, its requests are run alone: %s", name, failed)
        return values

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


def _copy(message: Any) -> Any:
    copy = type(message)()
    copy.CopyFrom(message)
    return copy


def _as_array(result: Any) -> Array:
    """Return a fetched value as an array; the runtime hands scalars over as bare values."""
    if isinstance(result, bytes):
        scalar = np.empty((), object)
        scalar[()] = result
        return scalar
    return np.asarray(result)
