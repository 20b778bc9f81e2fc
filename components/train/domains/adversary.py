"""DANN: a critic says which side an answer is about, and the head learns to leave it guessing.

Ganin et al. 2016 (JMLR 17, arXiv:1505.07818), with gradient reversal and its schedule. The critic
looks at the answers, as in Tsai et al. 2018 (arXiv:1802.10349), not at a layer below them: with a
hidden layer in between, the target was answered worse on the demo.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from components.common.progress import track
from components.networks.probe.probe import Probe
from components.networks.rows import Floats

_STEPS = 300
_RATE = 1e-3
_HIDDEN = 64


def reverse(values: Any, strength: Any) -> Any:
    """Return the values as they are; their gradient comes back times -`strength`."""
    return (1.0 + strength) * ops.stop_gradient(values) - strength * values


def schedule(progress: float) -> float:
    """Return how much of the reversal counts after a share `progress` of the steps, in [0, 1)."""
    return float(2.0 / (1.0 + np.exp(-10.0 * progress)) - 1.0)


class _Rivals(keras.Model):
    """Head and critic; trained here and thrown away but for the head's weights."""

    def __init__(self, start: Probe, *, labelled: int, penalty: float) -> None:
        super().__init__(name="rivals")
        features, classes = start.kernel.shape
        self.head = keras.layers.Dense(classes)
        self.critic = keras.Sequential(
            [
                keras.layers.Input((classes,)),
                keras.layers.Dense(_HIDDEN, activation="relu"),
                keras.layers.Dense(1),
            ]
        )
        self.head.build((None, features))
        self.head.set_weights([start.kernel, start.bias])
        self.strength = keras.Variable(0.0, trainable=False, name="strength")
        self.built = True
        self._labelled, self._penalty = labelled, penalty

    def call(self, features: Any) -> Any:
        """Return logits."""
        return self.head(features)

    def compute_loss(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Return the loss of one batch: all labelled rows first, then all others.

        y: weighted targets of the labelled rows, zeros for the others.
        """
        del x, sample_weight, training
        own, others = y_pred[: self._labelled], y_pred[self._labelled :]
        fitted = -ops.sum(y[: self._labelled] * ops.log_softmax(own)) / self._labelled
        kernel = self.head.kernel - ops.mean(self.head.kernel, axis=1, keepdims=True)
        caught = [
            ops.mean(ops.softplus(sign * self.critic(reverse(side, self.strength))))
            for side, sign in ((own, 1.0), (others, -1.0))
        ]
        return fitted + self._penalty * ops.sum(kernel**2) + sum(caught)


def deceive(own: Floats, targets: Floats, others: Floats, *, start: Probe, weight: float) -> Probe:
    """Return a head whose answers about both sides a critic finds hard to tell apart.

    Args:
        own: float32 [N, D] of the labelled side; targets: float32 [N, classes], times the weights.
        others: float32 [M, D] of the other side.
        start: what to begin with; its strength sets the L2 penalty, as in the probe.
        weight: of the reversed gradient at the end.
    """
    # The probe's penalty for two classes is on the difference of the logits, half of it on each.
    share = 1.0 if targets.shape[1] == 2 else 0.5
    penalty = share / (start.strength * len(own))
    rivals = _Rivals(start, labelled=len(own), penalty=penalty)
    rate = keras.optimizers.schedules.CosineDecay(_RATE, _STEPS)
    rivals.compile(optimizer=keras.optimizers.Adam(rate), jit_compile=False)
    rows = ops.convert_to_tensor(np.concatenate([own, others]))
    wanted = ops.convert_to_tensor(
        np.concatenate([targets, np.zeros((len(others), targets.shape[1]), np.float32)])
    )
    for step in track(range(_STEPS), "training against a critic"):
        rivals.strength.assign(weight * schedule(step / _STEPS))
        rivals.train_on_batch(rows, wanted)
    kernel, bias = (np.asarray(value) for value in rivals.head.get_weights())
    return Probe(kernel, bias, start.strength)
