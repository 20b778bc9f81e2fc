"""A network's answers for one batch, on one device or spread over several.

Keras wants a batch that its devices divide, and in a run of several processes gives each of them
its own part of the answers only. Here a batch of any size goes in and every process has all of it.
"""

import math
import weakref
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from components.networks.network import as_fed

# From a network to its compiled forward pass, for as long as there is the network.
_COMPILED: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


def answers(
    model: keras.Model, inputs: Sequence[npt.NDArray[Any]]
) -> list[npt.NDArray[np.float32]]:
    """Return what a network answers in inference, one float32 [rows, ...] an output.

    Args:
        model: a functional model.
        inputs: numbers [rows, ...], one array an input.
    """
    distribution = keras.distribution.distribution()
    if distribution is None:
        given = model.predict_on_batch(as_fed(inputs))
    else:
        given = _shared_out(model, inputs, distribution)
    several = given if isinstance(given, list | tuple) else [given]
    return [np.asarray(values, np.float32)[: len(inputs[0])] for values in several]


def _shared_out(model: keras.Model, inputs: Sequence[npt.NDArray[Any]], distribution: Any) -> Any:
    import jax

    replicas = distribution.num_model_replicas
    rows = math.ceil(len(inputs[0]) / replicas) * replicas
    # Filled up with the first rows once more; what they answer is dropped.
    filled = [np.resize(values, (rows, *values.shape[1:])) for values in inputs]
    placed = [
        jax.device_put(values, distribution.get_data_layout(values.shape).backend_layout)
        for values in filled
    ]
    if model not in _COMPILED:
        _COMPILED[model] = _forward(model, distribution)
    trained = [variable.value for variable in model.trainable_variables]
    carried = [variable.value for variable in model.non_trainable_variables]
    return _COMPILED[model](trained, carried, as_fed(placed))


def _forward(model: keras.Model, distribution: Any) -> Any:
    import jax

    # Held weakly, or the dictionary's value would keep its own key alive.
    reference = weakref.ref(model)

    def run(trained: Any, carried: Any, fed: Any) -> Any:
        network = reference()
        assert network is not None
        return network.stateless_call(trained, carried, fed, training=False)[0]

    return jax.jit(run, out_shardings=everywhere(distribution))


def everywhere(distribution: Any) -> Any:
    """Return JAX's layout of what every replica has a whole copy of; None for a single device."""
    if distribution is None:
        return None
    from jax.sharding import NamedSharding, PartitionSpec

    return NamedSharding(distribution.device_mesh.backend_mesh, PartitionSpec())
