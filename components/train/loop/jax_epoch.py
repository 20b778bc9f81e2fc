"""On JAX a whole epoch is one compiled program: pictures on the device, steps in a `lax.scan`.

Step by step, a small network waits for Python more than for the card. Here the device learns once
an epoch which rows come in which step, and answers with two numbers. Weights and optimiser states
are donated, so that they are there once and not twice.

JAX is imported inside of functions only, where Keras runs on it.
"""

import logging
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import psutil
from keras import ops

from components.common.errors import DataError
from components.networks.features.answers import everywhere
from components.networks.rows import FlippedPixels, Rows
from components.train.loop.epochs import Epoch
from components.train.loop.losses import Loss, categorical_accuracy
from components.train.loop.optimizer import LayerwiseAdamW
from components.train.session import Score

LOG = logging.getLogger(__name__)

# Of the device's memory: activations of a step, weights and states need the rest.
_DEVICE_SHARE = 0.4
_HOST_SHARE = 0.25
_COMPILED_BYTES = 10**9

RunEpoch = Callable[[Epoch], Score]


def keep_compiled(folder: Path) -> None:
    """Keep compiled programs below a folder, 1 GB at most, so that the next run need not compile.

    Does nothing where Keras does not run on JAX.
    """
    if keras.backend.backend() != "jax":
        return
    import jax
    from jax.experimental.compilation_cache import compilation_cache

    # JAX opens its folder once; without this a second one would be left empty.
    compilation_cache.reset_cache()
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_compilation_cache_max_size", _COMPILED_BYTES)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)


def compiled_epoch(
    model: keras.Model,
    optimizer: LayerwiseAdamW,
    sources: Sequence[Rows],
    *,
    batch: int,
    loss: Loss,
) -> RunEpoch | None:
    """Return what trains a model for an epoch, None where Keras has to train step by step.

    That is on another back end than JAX, and where the pictures do not fit the device. The steps
    are those of Keras with the same order and batch, to rounding, but for the last one where
    BatchNorm learns: it is filled up with pictures of weight 0, whose statistics count.

    Args:
        model: inputs -> logits; its variables are changed by every epoch.
        optimizer: built for the model's trainable variables, in their order.
        sources: one an input of the model, see `Epoch.inputs`.
        batch: pictures a step.
        loss: what is minimised.

    Raises:
        DataError: the pictures do not fit in a run of several processes.
    """
    if keras.backend.backend() != "jax":
        return None
    arrays = [_raw(source) for source in sources]
    needed, room = sum(array.nbytes for array in arrays), _room_bytes()
    if needed > room:
        import jax

        # There Keras would take each process's pictures for a part of them all.
        if jax.process_count() > 1:
            raise DataError(
                "pictures that fit every node's device, in a training of several processes",
                received=f"{needed / 1e9:.1f} GB, {room / 1e9:.1f} GB are set aside",
                do="train on one machine, with smaller pictures, or with more memory a node",
            )
        LOG.warning(
            "%.1f GB of inputs do not fit the %.1f GB set aside on the device: trained step by "
            "step, which is slower",
            needed / 1e9,
            room / 1e9,
        )
        return None
    return _EpochProgram(model, optimizer, arrays, batch, loss)


def _steps(epoch: Epoch, *, batch: int, replicas: int) -> dict[str, npt.NDArray[Any]]:
    """Cut an epoch into steps of equal width, a multiple of the replicas, for `lax.scan`.

    Returns:
        Arrays over [steps, width], see `Epoch`: rows, int32; targets, float32 [steps, width,
        classes]; weights, 0 for a row that only fills up; counts, float32 [steps], how many rows
        do not; with mixup partners, int32, and shares, with
        CutMix boxes too.
    """
    pictures = len(epoch.rows)
    batch = min(batch, pictures)
    width = math.ceil(batch / replicas) * replicas
    places = np.arange(math.ceil(pictures / batch))[:, None] * batch + np.arange(width)
    real = (np.arange(width) < batch) & (places < pictures)
    seen = places % pictures
    steps: dict[str, npt.NDArray[Any]] = {
        "rows": epoch.rows[seen].astype(np.int32),
        "targets": epoch.targets[seen],
        "weights": np.where(real, epoch.weights[seen], np.float32(0)),
        "counts": real.sum(axis=1).astype(np.float32),
    }
    if epoch.partners is not None:
        steps |= {"partners": epoch.partners[seen].astype(np.int32), "shares": epoch.shares[seen]}
    if epoch.boxes is not None:
        steps["boxes"] = epoch.boxes[seen].astype(np.int32)
    return steps


class _EpochProgram:
    """The compiled program, its data on the device."""

    def __init__(
        self,
        model: keras.Model,
        optimizer: LayerwiseAdamW,
        arrays: list[Any],
        batch: int,
        loss: Loss,
    ) -> None:
        import jax

        self._trained = model.trainable_variables
        self._carried = model.non_trainable_variables
        self._optimizer = optimizer
        self._batch = batch
        distribution = keras.distribution.distribution()
        self._replicas = distribution.num_model_replicas if distribution else 1
        self._everywhere = everywhere(distribution)
        self._arrays = [jax.device_put(array, self._everywhere) for array in arrays]
        self._run = jax.jit(
            _program(model, optimizer, loss, distribution),
            donate_argnums=0,
            out_shardings=self._everywhere,
        )

    def __call__(self, epoch: Epoch) -> Score:
        """Train for one epoch."""
        import jax

        plan = _steps(epoch, batch=self._batch, replicas=self._replicas)
        steps = jax.device_put(plan, self._everywhere)
        variables = (self._trained, self._carried, self._optimizer.variables)
        state = tuple([variable.value for variable in group] for group in variables)
        state, sums = self._run(state, self._arrays, steps)
        for group, values in zip(variables, state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        loss, hits = (float(total) for total in sums)
        return Score(loss / len(epoch.rows), hits / float(epoch.weights.sum()))


def _program(model: keras.Model, optimizer: LayerwiseAdamW, loss: Loss, distribution: Any) -> Any:
    """Return (state, arrays, see `_steps`) -> (state, (summed loss, summed weight of hits))."""
    import jax

    def loss_of(trained: Any, carried: Any, inputs: Any, step: Any) -> Any:
        logits, carried, extra = model.stateless_call(
            trained, carried, inputs, training=True, return_losses=True
        )
        summed = ops.sum(loss(step["targets"], logits) * step["weights"])
        right = categorical_accuracy(step["targets"], logits)
        hits = ops.sum(right * step["weights"])
        return summed / step["counts"] + sum(extra), (carried, (summed, hits))

    def take(state: Any, step: Any, *, arrays: Any) -> Any:
        trained, carried, adam = state
        inputs = [
            _fed(array, step, model_input, distribution)
            for array, model_input in zip(arrays, model.inputs, strict=True)
        ]
        gradient = jax.value_and_grad(loss_of, has_aux=True)
        (_, (carried, sums)), slopes = gradient(
            trained, carried, inputs[0] if len(inputs) == 1 else inputs, step
        )
        trained, adam = optimizer.stateless_apply(adam, slopes, trained)
        return (trained, carried, adam), sums

    def run(state: Any, arrays: Any, steps: Any) -> Any:
        state, sums = jax.lax.scan(lambda *now: take(*now, arrays=arrays), state, steps)
        return state, tuple(total.sum() for total in sums)

    return run


def _fed(array: Any, step: Any, model_input: Any, distribution: Any) -> Any:
    """Return one input of a step, float32, each replica's share where there are several."""
    import jax

    values = ops.cast(array[step["rows"]], "float32")
    if "partners" in step:
        shares = ops.reshape(step["shares"], (-1, *[1] * (values.ndim - 1)))
        other = ops.cast(array[step["partners"]], "float32")
        if "boxes" in step:
            values = ops.where(_inside(step["boxes"], size_px=values.shape[1]), other, values)
        else:
            values = shares * values + (1 - shares) * other
    # Pixels of one channel are three for the network.
    values = ops.broadcast_to(values, (len(values), *model_input.shape[1:]))
    if distribution is None:
        return values
    layout = distribution.get_data_layout(values.shape).backend_layout
    return jax.lax.with_sharding_constraint(values, layout)


def _inside(boxes: Any, *, size_px: int) -> Any:
    """Return which pixels lie in each picture's box, bool [N, S, S, 1]."""
    top, bottom, left, right = (boxes[:, side, None] for side in range(4))
    places = ops.arange(size_px)
    rows, columns = (places >= top) & (places < bottom), (places >= left) & (places < right)
    return (rows[:, :, None] & columns[:, None, :])[..., None]


def _raw(source: Rows) -> npt.NDArray[Any]:
    """Return rows as they are stored: uint8 or float16 takes half the room or less."""
    plain = isinstance(source, FlippedPixels) and source.flip == (False, False)
    return np.asarray((source.pixels if plain else source)[:])  # type: ignore[attr-defined]


def _room_bytes() -> float:
    """Return what inputs may take of the device: of the smallest, where processes have several."""
    import jax
    from jax.experimental import multihost_utils

    device = jax.local_devices()[0]
    if device.platform == "cpu":
        room = _HOST_SHARE * float(psutil.virtual_memory().available)
    else:
        limit = (device.memory_stats() or {}).get("bytes_limit")
        room = _DEVICE_SHARE * limit if limit else math.inf
    if jax.process_count() == 1:
        return room
    return float(multihost_utils.process_allgather(np.float32(room)).min())
