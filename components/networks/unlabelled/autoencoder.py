"""A sparse autoencoder of whitened patches: the literal recipe of self-taught learning.

Ng's exercise ("Learning color features with sparse autoencoders"): sigmoid hidden units, a linear
decoder, weight decay, and a penalty that keeps each unit's mean activation low. Solved by L-BFGS.
"""

import numpy as np
import numpy.typing as npt

from components.common.progress import report
from components.common.seeding import generator
from components.networks.unlabelled.patches import Filters, Patches

_MOST_PATCHES = 10_000
_ITERATIONS = 200
# Ng's: weight decay lambda, weight of the sparsity beta, and the mean activation rho aimed at.
_DECAY, _SPARSITY, _ACTIVE = 3e-3, 5.0, 0.035

Doubles = npt.NDArray[np.float64]


def autoencoder_filters(patches: Patches, *, count: int, seed: int) -> Filters:
    """Return the convolution whose sigmoid is the activation of `count` hidden units."""
    from scipy.optimize import minimize

    values = patches.whitened[:_MOST_PATCHES].astype(np.float64)
    wide = values.shape[1]
    reach = np.sqrt(6.0 / (count + wide + 1))
    start = generator(seed, "autoencoder").uniform(-reach, reach, 2 * count * wide)
    done = 0

    def step(_: Doubles) -> None:
        nonlocal done
        done += 1
        report("fitting the autoencoder", done, _ITERATIONS)

    found = minimize(
        loss_and_gradient,
        np.concatenate([start, np.zeros(count + wide)]),
        args=(values, count),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _ITERATIONS},
        callback=step,
    )
    encode, _, bias, _ = _parts(found.x, wide, count)
    return patches.filters(encode, bias)


def loss_and_gradient(flat: Doubles, values: Doubles, count: int) -> tuple[float, Doubles]:
    """Return the mean squared error with both penalties, and its gradient.

    Args:
        flat: encoder [count, D], decoder [D, count], biases [count] and [D], in a row.
        values: float64 [n, D].
        count: hidden units.
    """
    rows, wide = values.shape
    encode, decode, inner, outer = _parts(flat, wide, count)
    hidden = 1.0 / (1.0 + np.exp(-np.clip(values @ encode.T + inner, -500.0, 500.0)))
    away = hidden @ decode.T + outer - values
    active = hidden.mean(axis=0).clip(1e-9, 1 - 1e-9)
    sparse = _ACTIVE * np.log(_ACTIVE / active)
    sparse += (1 - _ACTIVE) * np.log((1 - _ACTIVE) / (1 - active))
    loss = 0.5 * (away**2).sum() / rows + _SPARSITY * sparse.sum()
    loss += 0.5 * _DECAY * ((encode**2).sum() + (decode**2).sum())
    pull = _SPARSITY * ((1 - _ACTIVE) / (1 - active) - _ACTIVE / active)
    back = (away @ decode + pull) * hidden * (1 - hidden) / rows
    parts = (
        back.T @ values + _DECAY * encode,
        away.T @ hidden / rows + _DECAY * decode,
        back.sum(axis=0),
        away.sum(axis=0) / rows,
    )
    return float(loss), np.concatenate([part.ravel() for part in parts])


def _parts(flat: Doubles, wide: int, count: int) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    encode, decode, inner, outer = np.split(flat, np.cumsum([count * wide, count * wide, count]))
    return encode.reshape(count, wide), decode.reshape(wide, count), inner, outer
