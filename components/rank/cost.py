"""How long a fine-tuning will take, from speeds that were measured on this machine."""

import dataclasses
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.networks.config import INPUT, LOGITS
from components.networks.network import Network, as_fed

_BATCH = 32
_TIMED_BATCHES = 3
# Start of the process, imports, building, saving and checking the saved file.
_FIXED_S = 25.0
# A backward pass costs about two forward passes.
_STEP_IN_FORWARDS = 3.0
# Fits of the probe while its penalty is chosen, each on part of view 0.
_PROBE_CHOICES = 4.0


@dataclass(frozen=True)
class Speed:
    """Seconds a picture in batches: the whole network, and the part after its default cut."""

    forward_s: float
    tail_s: float


@dataclass(frozen=True)
class Workload:
    """How much there is to do.

    probe_s: one fit of a probe on view 0 of all training pictures.
    fits: on all training pictures; those of cross-validation's folds are as much work as one
        fewer than there are folds, beside the last.
    """

    train: int
    views: int
    validation: int
    flips: int
    probe_s: float
    fits: int = 1


def measure_speed(network: Network) -> Speed:
    """Time the network on a few batches of blank pictures."""
    starts = network.boundary(network.cut(""))
    return Speed(_seconds_a_picture(network, (INPUT,)), _seconds_a_picture(network, starts))


def estimate_s(options: Any, speed: Speed, load: Workload) -> float:
    """Return the seconds that a method needs, from the settings it has.

    Options without `epochs` fit a head only. With `epochs`, those with a `cut` train the part
    after the default cut on cached activations, the others the whole network. A retry after a
    divergence is not counted.

    Args:
        options: the method's `Options`.
        speed: of the network in question.
        load: pictures, views, flips.
    """
    names = {field.name for field in dataclasses.fields(options)}
    epochs = int(options.epochs) if "epochs" in names else 0
    trained_s = speed.tail_s if "cut" in names else speed.forward_s
    features = (load.train * load.views + load.validation * load.flips) * speed.forward_s
    tuning = epochs * (load.train * _STEP_IN_FORWARDS + load.validation) * trained_s
    probes = (_PROBE_CHOICES * 4 + load.views) * load.probe_s
    return _FIXED_S + features + load.fits * (tuning + probes)


def _seconds_a_picture(network: Network, starts: tuple[str, ...]) -> float:
    part = network.frozen_between(starts, (LOGITS,))
    inputs = as_fed([np.zeros((_BATCH, *fed.shape[1:]), np.float32) for fed in part.inputs])
    part.predict_on_batch(inputs)  # traced and warmed up
    seconds = []
    for _ in range(_TIMED_BATCHES):
        started = time.perf_counter()
        part.predict_on_batch(inputs)
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds)) / _BATCH
