"""What makes answers about both sides agree: losses of logits, with their gradients."""

import numpy as np

from components.common.statistics.temperature import softmax
from components.networks.probe.blocks import Doubles
from components.networks.probe.solver import Term
from components.networks.rows import Floats

# Of the mean squared distance: the widths of the kernels that are summed.
_WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
_MOST_ROWS = 400  # a side, in a comparison of all pairs
_LEAST = 1e-12


def confusion(weight: float) -> Term:
    """Return minimum class confusion (MCC) of the rows without a label.

    Jin et al. 2020 (arXiv:1912.03699), equations 3 to 6 at temperature 1: the share of the pairs of
    classes that answers, weighted by how sure they are, hold possible at once. Rows of the class
    correlation sum to what the class is answered in total, so the loss is
    1 - mean_j (sum_i w_i q_ij^2 / sum_i w_i q_ij), w_i = 1 + exp(-entropy_i).
    """

    def term(own: Floats, others: Floats) -> tuple[float, Doubles, Doubles]:
        answers = softmax(others).astype(np.float64)
        logs = np.log(np.maximum(answers, _LEAST))
        sure = np.exp((answers * logs).sum(axis=1, keepdims=True))
        weights = 1.0 + sure
        totals = np.maximum((weights * answers).sum(axis=0), _LEAST)
        shares = (weights * answers**2).sum(axis=0) / totals
        classes = answers.shape[1]
        by_answer = weights * (2.0 * answers - shares) / totals
        by_weight = ((answers**2 - shares * answers) / totals).sum(axis=1, keepdims=True)
        slope = -(by_answer + by_weight * sure * (logs + 1.0)) / classes
        back = answers * (slope - (slope * answers).sum(axis=1, keepdims=True))
        return weight * (1.0 - float(shares.mean())), np.zeros(own.shape), weight * back

    return term


def discrepancy(weight: float, *, own: Floats, others: Floats, rng: np.random.Generator) -> Term:
    """Return the squared maximum mean discrepancy (MMD) between the answers about both sides.

    Gretton et al. 2012 (JMLR 13), equation 5, with a sum of Gaussian kernels as in Long et al. 2015
    (arXiv:1502.02791), on the logits. All pairs of at most 400 rows a side are compared.

    Args:
        weight: of the loss.
        own, others: logits [N, classes], [M, classes] to start from: they set the kernels' widths.
        rng: draws the rows.
    """
    drawn = [np.sort(rng.permutation(len(side))[:_MOST_ROWS]) for side in (own, others)]
    signs = np.concatenate(
        [np.full(len(rows), s / len(rows)) for rows, s in zip(drawn, (1.0, -1.0), strict=True)]
    )
    width = max(float(_squares(np.concatenate([own[drawn[0]], others[drawn[1]]])).mean()), _LEAST)

    def term(own: Floats, others: Floats) -> tuple[float, Doubles, Doubles]:
        shown = np.concatenate([own[drawn[0]], others[drawn[1]]]).astype(np.float64)
        squares = _squares(shown)
        alike, slopes = np.zeros_like(squares), np.zeros_like(squares)
        for share in _WIDTHS:
            kernel = np.exp(-squares / (share * width)) / len(_WIDTHS)
            alike += kernel
            slopes -= 2.0 * kernel / (share * width)
        pairs = np.outer(signs, signs) * slopes
        moved = 2.0 * weight * (pairs.sum(axis=1)[:, None] * shown - pairs @ shown)
        back = [np.zeros(side.shape) for side in (own, others)]
        back[0][drawn[0]], back[1][drawn[1]] = np.split(moved, [len(drawn[0])])
        return weight * float(signs @ alike @ signs), back[0], back[1]

    return term


def _squares(rows: Floats | Doubles) -> Doubles:
    """Return the squared distances of all pairs, float64 [N, N]."""
    exact = rows.astype(np.float64)
    norms = (exact**2).sum(axis=1)
    apart: Doubles = np.maximum(norms[:, None] + norms - 2.0 * exact @ exact.T, 0.0)
    return apart
