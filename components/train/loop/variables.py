"""Values of Keras variables, taken out and put back."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = list[npt.NDArray[Any]]


def values_of(variables: Sequence[Any]) -> Arrays:
    """Return copies of Keras variables' values."""
    return [np.array(variable.numpy()) for variable in variables]


def assign_all(variables: Sequence[Any], values: Arrays) -> None:
    """Set Keras variables.

    Raises:
        ValueError: another number of variables, or other shapes.
    """
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def same_shapes(variables: Sequence[Any], values: Arrays) -> bool:
    """Say whether `assign_all` would succeed."""
    return [tuple(variable.shape) for variable in variables] == [value.shape for value in values]
