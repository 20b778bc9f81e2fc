"""The penalised maximum likelihood behind every probe."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from components.common.statistics.temperature import log_losses, softmax
from components.networks.probe.blocks import Doubles, blocks, in_memory_where_small
from components.networks.rows import Floats, Rows

_EPSILON = float(np.finfo(np.float64).eps)

# Logits [N, classes] of fitted rows, [M, classes] of others -> a loss, its gradients by both.
Term = Callable[[Floats, Floats], tuple[float, Doubles, Doubles]]

# Logits and targets [N, classes] -> each row's loss [N], its gradient by the logits.
RowLoss = Callable[[Floats, Floats], tuple[Doubles, Doubles]]


def cross_entropy(logits: Floats, targets: Floats) -> tuple[Doubles, Doubles]:
    """Return each row's cross-entropy and its gradient by the logits."""
    return log_losses(logits, targets), (softmax(logits) - targets).astype(np.float64)


@dataclass(frozen=True)
class Beside:
    """A further loss, on what is answered about rows without a label.

    features: float32 [M, D]; term: the loss.
    """

    features: Floats
    term: Term


class Solver:
    """Penalised maximum likelihood on the same rows, each penalty from where the last one ended.

    The objective and the stopping rule are those of scikit-learn's LogisticRegression, but for a
    soft label, which there would be one row a class.
    """

    def __init__(
        self,
        features: Rows,
        targets: Floats,
        weights: Floats,
        *,
        beside: Beside | None = None,
        loss: RowLoss = cross_entropy,
    ) -> None:
        """Take features [N, D], targets [N, classes] that sum to 1, weights [N]."""
        classes = targets.shape[1]
        self.beside = beside
        self._of_rows = loss
        self._wide = features[:1].shape[1]
        self._features = in_memory_where_small(features, wide=self._wide)
        self._targets = targets
        self._total = float(weights.sum())
        self._shares: Doubles = weights.astype(np.float64)[:, None] / self._total
        # Of two classes the difference of their logits is what is fitted and penalised.
        self._to_logits = np.array([[-0.5, 0.5]]) if classes == 2 else np.eye(classes)
        self._fitted = np.zeros((self._wide + 1, len(self._to_logits)))

    def at(self, strength: float) -> tuple[Doubles, Doubles]:
        """Return kernel [D, classes] and bias [classes] for a C."""
        from scipy.optimize import minimize

        found = minimize(
            self._loss,
            self._fitted.ravel(),
            args=(1.0 / (strength * self._total),),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 500, "maxls": 50, "gtol": 1e-4, "ftol": 64 * _EPSILON},
        )
        self._fitted = found.x.reshape(self._fitted.shape)
        both = self._fitted @ self._to_logits
        return both[:-1], both[-1]

    def _loss(self, flat: Doubles, penalty: float) -> tuple[float, Doubles]:
        """Return the penalised mean loss at kernel and bias, and its gradient."""
        kernel, bias = np.split(flat.reshape(self._fitted.shape), [-1])
        narrow, back = kernel.astype(np.float32), self._to_logits.T
        loss = 0.5 * penalty * float((kernel**2).sum())
        gradient = np.concatenate([penalty * kernel, np.zeros_like(bias)])
        answered = []
        for rows in blocks(self._features, wide=self._wide):
            known = self._features[rows]
            said: Floats = ((known @ narrow + bias) @ self._to_logits).astype(np.float32)
            shares = self._shares[rows]
            losses, slopes = self._of_rows(said, self._targets[rows])
            loss += float((shares[:, 0] * losses).sum())
            away: Doubles = shares * slopes @ back
            gradient[:-1] += (away.astype(np.float32).T @ known).T
            gradient[-1] += away.sum(axis=0)
            answered.append(said)
        if self.beside:
            others = self.beside.features
            asked: Floats = ((others @ narrow + bias) @ self._to_logits).astype(np.float32)
            more, own, further = self.beside.term(np.concatenate(answered), asked)
            loss += more
            for features, slope in ((self._features, own), (others, further)):
                for rows in blocks(features, wide=self._wide):
                    pulled = slope[rows] @ back
                    gradient[:-1] += (pulled.astype(np.float32).T @ features[rows]).T
                    gradient[-1] += pulled.sum(axis=0)
        return loss, gradient.ravel()
