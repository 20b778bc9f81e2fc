"""The set of models being served: configuration, polling, look-up."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving.protocol.status import (
    Code,
    StatusError,
    failed_precondition,
    invalid_argument,
    not_found,
)
from serving.server.flags import Flags
from serving.server.graph.servable import Servable
from serving.server.models.configuration import checked_models, choose, discover
from serving.server.models.loader import Load, ModelLoader
from serving.server.models.version_states import VersionState, VersionStates

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Model:
    config: Any
    loader: ModelLoader


class ModelCatalogue:
    """Everything that answers requests, behind both protocols."""

    def __init__(self, *, load: Load, flags: Flags) -> None:
        self.states = VersionStates()
        self._load = load
        self._flags = flags
        self._reloading = threading.Lock()
        self._polling = threading.Lock()
        self._models: Mapping[str, _Model] = {}
        self._retired: dict[str, ModelLoader] = {}
        self._labels: Mapping[str, Mapping[str, int]] = {}
        # Set once the server is going down; versions then stay as they are.
        self.stopped = threading.Event()

    def reload(self, server_config: Any, *, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Replace the configuration by a ModelServerConfig; returns when it is in force.

        Blocks until every model has an available version; models that are left out are
        unloaded.

        Raises:
            StatusError: the configuration is wrong, or a model did not become available.
        """
        with self._reloading:
            configs = checked_models(server_config)
            self._apply(configs)
            self.poll()
            self._wait_until_available(configs, cancelled)
            self._update_labels(configs)

    def _apply(self, configs: list[Any]) -> None:
        models: dict[str, _Model] = {}
        for config in configs:
            _LOG.info("(Re-)adding model: %s", config.name)
            present = self._models.get(config.name)
            loader = present.loader if present else self._new_loader(config.name)
            models[config.name] = _Model(config, loader)
        with self._polling:
            gone = [model for name, model in self._models.items() if name not in models]
            self._models = models
            for model in gone:
                model.loader.stop()
                self._retired[model.config.name] = model.loader

    def _new_loader(self, name: str) -> ModelLoader:
        retired = self._retired.pop(name, None)
        if retired is not None:
            # Its last states must not overwrite those of the model's new life.
            retired.join()
        return ModelLoader(name, load=self._load, states=self.states, flags=self._flags)

    def poll(self) -> None:
        """Look at every base path once and tell the loaders what to serve."""
        with self._polling:
            for model in self._models.values():
                try:
                    found = discover(Path(model.config.base_path))
                except OSError as error:
                    # Nothing is unloaded because a disk is away for a moment.
                    _LOG.warning("cannot list %s: %s", model.config.base_path, error.strerror)
                    continue
                if not found:
                    _LOG.warning(
                        "No versions of servable %s found under base path %s",
                        model.config.name,
                        model.config.base_path,
                    )
                model.loader.aspire(choose(found, model.config.model_version_policy))

    def start_polling(self) -> None:
        """Poll in the background until `stopped`."""
        if self._flags.file_system_poll_wait_seconds > 0:
            threading.Thread(target=self._poll_forever, name="poll", daemon=True).start()

    def _poll_forever(self) -> None:
        while not self.stopped.wait(self._flags.file_system_poll_wait_seconds):
            try:
                self.poll()
            except Exception:
                _LOG.exception("polling failed; the next round comes in a moment")

    def _wait_until_available(self, configs: list[Any], cancelled: Callable[[], bool]) -> None:
        loaders = [self._models[config.name].loader for config in configs]

        def settled() -> bool:
            return cancelled() or all(loader.ready or loader.has_failed() for loader in loaders)

        while not self.states.wait(settled, timeout=1.0):
            if self.stopped.is_set():
                raise StatusError(Code.UNAVAILABLE, "The server is shutting down")
        failed = [loader.model for loader in loaders if not loader.ready]
        if failed and not cancelled():
            raise StatusError(Code.UNKNOWN, self._failure_text(failed))

    def _failure_text(self, failed: list[str]) -> str:
        parts = [
            f"{{name: {name} version: {status.version}}} due to error: {status.code.name}: "
            f"{status.message}"
            for name in failed
            for status in self.states.of_model(name)
            if status.state is VersionState.END and status.code is not Code.OK
        ]
        return f"{len(failed)} servable(s) did not become available: {{{', '.join(parts)}}}"

    def _update_labels(self, configs: list[Any]) -> None:
        labels: dict[str, Mapping[str, int]] = {}
        for config in configs:
            for label, version in config.version_labels.items():
                self._check_label(config, label, version)
            labels[config.name] = dict(config.version_labels)
        self._labels = labels

    def _check_label(self, config: Any, label: str, version: int) -> None:
        in_use = self._labels.get(config.name, {})
        if version in self._models[config.name].loader.ready or in_use.get(label) == version:
            return
        # The flag is for a label's first assignment: one in use never moves to a missing version.
        if self._flags.allow_version_labels_for_unavailable_models and label not in in_use:
            return
        raise failed_precondition(
            f"Request to assign label to version {version} of model {config.name}, which is not "
            "currently available for inference"
        )

    @contextlib.contextmanager
    def lease(self, spec: Any) -> Iterator[Servable]:
        """Hold the version that a ModelSpec means for the length of a request.

        Raises:
            StatusError: NOT_FOUND or INVALID_ARGUMENT, worded as the original.
        """
        servable = self._acquire(spec)
        try:
            yield servable
        finally:
            servable.release()

    def _acquire(self, spec: Any) -> Servable:
        if not spec.name:
            raise invalid_argument("ModelSpec has no name specified.")
        choice = spec.WhichOneof("version_choice")
        version: int | None = None
        if choice == "version":
            version = spec.version.value
        elif choice == "version_label":
            version = self._labels.get(spec.name, {}).get(spec.version_label)
            if version is None:
                raise invalid_argument(f"Unrecognized servable version label: {spec.version_label}")
        while True:
            model = self._models.get(spec.name)
            ready = model.loader.ready if model else {}
            number = max(ready, default=None) if version is None else version
            if number is None or number not in ready:
                name = spec.name
                wanted = f"Latest({name})" if version is None else f"Specific({name}, {version})"
                raise not_found(f"Servable not found for request: {wanted}")
            # A version may begin to unload between look-up and acquisition: look again.
            if ready[number].acquire():
                return ready[number]
