"""What training runs on: which back end, on a processor or a GPU, and on how many of them.

Keras reads its back end when it is imported, and a framework looks for GPUs when it is first used.
So `prepare` comes before either, and this module imports Keras inside of functions only.
"""

import contextlib
import logging
import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from components.common.errors import ConfigError
from components.networks.config import NetworkConfig

LOG = logging.getLogger(__name__)


def prepare(settings: NetworkConfig) -> None:
    """Set, before Keras is imported, what can only be set then; `running_on` says what is wrong.

    TensorFlow takes of a GPU's memory what it needs and not the whole card. An accelerator of
    "cpu" hides the GPUs.
    """
    if settings.backend != "auto" and find_spec(settings.backend):
        os.environ["KERAS_BACKEND"] = settings.backend
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    if settings.accelerator == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        os.environ["JAX_PLATFORMS"] = "cpu"


@contextlib.contextmanager
def running_on(settings: NetworkConfig) -> Iterator[tuple[str, ...]]:
    """Train inside the block on what was asked for; gives notes for the report.

    Several devices share every step: each has all weights and its part of the batch.

    Raises:
        ConfigError: the back end is another one, there is no GPU where one has to be, or not as
            many devices as asked for, or the back end cannot share a step.
    """
    import keras

    _check_backend(settings)
    notes = _notes_on_gpu(settings)
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(_shared_by(settings) or before)
    try:
        yield notes
    finally:
        keras.distribution.set_distribution(before)


def gpus() -> list[str]:
    """Return the GPUs' names, as Keras calls them."""
    import keras

    try:
        return list(keras.distribution.list_devices("gpu"))
    except RuntimeError:
        # JAX without any says so by an error.
        return []


def _check_backend(settings: NetworkConfig) -> None:
    import keras

    used = keras.backend.backend()
    if settings.backend in {"auto", used}:
        return
    missing = find_spec(settings.backend) is None
    raise ConfigError(
        f"Keras on {settings.backend} (train.backend)",
        received=f"no package {settings.backend}" if missing else f"Keras on {used}",
        do=f"run 'make install-dev', or: pip install 'graft-vision[{settings.backend}]'"
        if missing
        else f"set KERAS_BACKEND={settings.backend}, or leave train.backend out",
    )


def _notes_on_gpu(settings: NetworkConfig) -> tuple[str, ...]:
    if settings.accelerator != "gpu" or gpus():
        return ()
    if settings.without_gpu == "warn":
        note = "a GPU was asked for and there is none: trained on the processor"
        LOG.warning(note)
        return (note,)
    raise ConfigError(
        "a GPU (train.accelerator: gpu)",
        received="none that Keras can see",
        do="check nvidia-smi and the packages for CUDA (docs/how-to/gpu.md), or "
        "set train.without_gpu=warn or train.accelerator=auto",
    )


def _shared_by(settings: NetworkConfig) -> Any:
    """Return Keras' distribution over the devices, None for one device."""
    if settings.devices == 1:
        return None
    import keras

    there = keras.distribution.list_devices()
    wanted = settings.devices or len(there)
    if wanted == 1:
        return None
    if keras.backend.backend() != "jax":
        raise ConfigError(
            f"JAX, for steps shared by {wanted} devices (train.devices)",
            received=f"Keras on {keras.backend.backend()}",
            do="set train.backend=jax, or train.devices=1",
        )
    if wanted > len(there):
        raise ConfigError(
            f"{wanted} devices (train.devices)",
            received=f"{len(there)}: {', '.join(there)}",
            do="set train.devices to 0, for all there are, or lower",
        )
    LOG.info("every step is shared by %d devices", wanted)
    return keras.distribution.DataParallel(devices=there[:wanted], auto_shard_dataset=False)
