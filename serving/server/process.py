"""The server process: load, open the ports, serve, drain."""

import asyncio
import logging
import os
import resource
import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from components.common.errors import GraftError
from serving.server.config_files import (
    BatchingParameters,
    read_batching_parameters,
    read_metrics_path,
    read_model_config,
    read_session_config,
    read_ssl_config,
)
from serving.server.flags import Flags
from serving.server.graph.light_tensorflow import run_first_session
from serving.server.graph.servable import Servable
from serving.server.graph.warmup import warm_up
from serving.server.grpc_server import build_server
from serving.server.models.catalogue import ModelCatalogue
from serving.server.rest_server import RestServer

_LOG = logging.getLogger(__name__)
_CPUS = os.cpu_count() or 1
_MAX_THREADS = 256


class Server:
    """One process's server, from flags to exit."""

    def __init__(self, flags: Flags) -> None:
        self._begin = time.perf_counter()
        self._flags = flags
        self._batching = _read_batching(flags)
        self._session = _session_config(flags, self._batching)
        monitoring = flags.monitoring_config_file
        # How many requests may be in the graph at once: enough for two full batches.
        rows = 2 * self._batching.max_batch_size if self._batching else 0
        self._threads = min(_MAX_THREADS, max(4 * _CPUS, rows))
        self._metrics_path = read_metrics_path(monitoring) if monitoring else ""
        self._ssl = read_ssl_config(flags.ssl_config_file) if flags.ssl_config_file else None
        # Loading is heavy on processors and on the GIL: not more at a time than there are.
        self._load_slots = threading.Semaphore(_CPUS)
        self._catalogue = ModelCatalogue(load=self._load, flags=flags)

    def _load(self, model: str, version: int, path: Path) -> Servable:
        with self._load_slots:
            servable = Servable(
                model=model,
                version=version,
                path=path,
                batching=self._batching,
                session=self._session,
            )
            if self._flags.enable_model_warmup:
                try:
                    warm_up(servable)
                except BaseException:
                    servable.close()
                    raise
            return servable

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then drain.

        Raises:
            GraftError: a configuration, a model or a port is unusable.
        """
        import uvloop

        _raise_file_limit()
        # Also where a script started this in the background, with SIGINT ignored.
        signal.signal(signal.SIGTERM, self._stop_early)
        signal.signal(signal.SIGINT, self._stop_early)
        config = _model_config(self._flags)
        run_first_session(self._session)
        self._catalogue.start_polling()
        self._catalogue.reload(config)
        if self._flags.model_config_file and self._flags.model_config_file_poll_wait_seconds > 0:
            threading.Thread(target=self._poll_config, name="config", daemon=True).start()
        uvloop.run(self._serve())

    def _stop_early(self, number: int, frame: FrameType | None) -> None:
        del frame
        _LOG.info("signal %d before the server was ready", number)
        os._exit(128 + number)

    async def _serve(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        grpc_server, _ = build_server(
            self._catalogue, self._flags, threads=self._threads, ssl=self._ssl
        )
        grpc_server.start()
        _LOG.info("Running gRPC ModelServer at %s:%d ...", self._flags.host, self._flags.port)
        rest = await self._start_rest()
        _LOG.info("ready %.1f s after TensorFlow's import", time.perf_counter() - self._begin)
        await stop.wait()
        _LOG.info("draining: no new requests, up to %g s", self._flags.drain_seconds)
        self._catalogue.stopped.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            # The second signal means it.
            loop.add_signal_handler(number, os._exit, 1)
        stopped = grpc_server.stop(self._flags.drain_seconds)
        await asyncio.gather(
            asyncio.to_thread(stopped.wait), *([rest.drain()] if rest is not None else [])
        )

    async def _start_rest(self) -> RestServer | None:
        flags = self._flags
        if flags.rest_api_port == 0:
            return None
        rest = RestServer(
            self._catalogue, flags, threads=self._threads, metrics_path=self._metrics_path
        )
        address = f"{flags.host}:{flags.rest_api_port}"
        try:
            await rest.start()
        except OSError as error:
            # The original goes on with gRPC alone, too.
            _LOG.error("Failed to start HTTP Server at %s: %s", address, error)
            return None
        _LOG.info("Exporting HTTP/REST API at:%s ...", address)
        return rest

    def _poll_config(self) -> None:
        """Reload the model list whenever its file's text changes."""
        path = Path(self._flags.model_config_file)
        seen = path.read_bytes()
        while not self._catalogue.stopped.wait(self._flags.model_config_file_poll_wait_seconds):
            try:
                text = path.read_bytes()
                if text == seen:
                    continue
                self._catalogue.reload(read_model_config(str(path)))
                seen = text
            except (OSError, GraftError) as error:
                _LOG.error("the old model configuration stays in force: %s", error)


def _read_batching(flags: Flags) -> BatchingParameters | None:
    if not flags.enable_batching:
        return None
    if flags.batching_parameters_file:
        return read_batching_parameters(flags.batching_parameters_file, default_threads=_CPUS)
    return BatchingParameters(num_batch_threads=_CPUS)


def _session_config(flags: Flags, batching: BatchingParameters | None) -> Any:
    """Return the ConfigProto of every version: the file's, and what flags say over it."""
    import tensorflow as tf

    path = flags.tensorflow_session_config_file
    config = read_session_config(path) if path else tf.compat.v1.ConfigProto()
    config.gpu_options.per_process_gpu_memory_fraction = flags.per_process_gpu_memory_fraction
    # 0 leaves it to TensorFlow. Batches that run side by side share the processors: with a full
    # set of threads each they wait for one another (MobileNetV2 on two cores: 42 pictures/s
    # instead of 70).
    shared = max(1, _CPUS // batching.num_batch_threads) if batching else 0
    config.intra_op_parallelism_threads = (
        flags.tensorflow_intra_op_parallelism or config.intra_op_parallelism_threads or shared
    )
    config.inter_op_parallelism_threads = (
        flags.tensorflow_inter_op_parallelism or config.inter_op_parallelism_threads
    )
    return config


def _model_config(flags: Flags) -> Any:
    if flags.model_config_file:
        return read_model_config(flags.model_config_file)
    from tensorflow_serving.config import model_server_config_pb2

    config = model_server_config_pb2.ModelServerConfig()
    config.model_config_list.config.add(
        name=flags.model_name, base_path=flags.model_base_path, model_platform="tensorflow"
    )
    return config


def _raise_file_limit() -> None:
    """A thousand clients need a thousand descriptors; the soft limit is often 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536) if hard > 0 else 65536, hard))
