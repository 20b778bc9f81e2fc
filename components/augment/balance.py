"""Sample weights that make every class count the same."""

import numpy as np
import numpy.typing as npt


def class_weights(
    targets: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Scale weights so that every class has the same total, and the grand total stays.

    With equal weights this is N / (classes * n_class), the balance of Deitsch et al. 2019, Eq. 5.

    Args:
        targets: int [N], class positions.
        weights: float [N], > 0.

    Returns:
        float64 [N].
    """
    present, position = np.unique(targets, return_inverse=True)
    totals = np.bincount(position, weights=weights)
    balanced: npt.NDArray[np.float64] = weights * (weights.sum() / len(present) / totals)[position]
    return balanced
