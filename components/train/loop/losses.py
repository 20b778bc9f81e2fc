"""What a training minimises: the cross-entropy, or with it the distance to a teacher's answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keras import ops

# From targets [N, classes] or more columns, and logits [N, classes], to the losses [N].
Loss = Callable[[Any, Any], Any]

_SMALLEST = 1e-12


def cross_entropy(targets: Any, logits: Any) -> Any:
    """Return the loss of each row against the distribution that it should be."""
    return ops.categorical_crossentropy(targets, logits, from_logits=True)


@dataclass(frozen=True)
class TaughtLoss:
    """(1 - a) CE(y, q) + a T^2 KL(p_T || q_T) (Hinton, Vinyals and Dean 2015, arXiv:1503.02531).

    q are the student's probabilities, p the teacher's, both softened by the temperature T where
    they carry it; T^2 keeps the second gradient's size whatever T is. With T without end it is that
    of half the squared distance of centred logits, by classes.

    share: a, in [0, 1]. temperature: T > 0.
    """

    share: float
    temperature: float

    def __call__(self, targets: Any, logits: Any) -> Any:
        """Return the losses [N]; targets are [y, p_T], y of zeros without a label."""
        labels, teacher = known_and_taught(targets, logits)
        softened = _any_sum(teacher, logits / self.temperature)
        certain = ops.sum(teacher * ops.log(ops.maximum(teacher, _SMALLEST)), axis=-1)
        taught = self.temperature**2 * (softened + certain)
        return (1.0 - self.share) * _any_sum(labels, logits) + self.share * taught


def _any_sum(targets: Any, logits: Any) -> Any:
    """Return the cross-entropy, and its gradient, of targets that need not sum to 1.

    TensorFlow's own has the gradient softmax - targets, whatever the targets' sum: without a label
    it would push where the loss is 0.
    """
    return -ops.sum(targets * ops.log_softmax(logits, axis=-1), axis=-1)


def known_and_taught(targets: Any, logits: Any) -> tuple[Any, Any]:
    """Return the labels' and the teacher's part of targets; the second one may have no column."""
    classes = logits.shape[-1]
    return targets[:, :classes], targets[:, classes:]


def categorical_accuracy(targets: Any, logits: Any) -> Any:
    """Return 1.0 where the answer is the label's, or without one the teacher's; [N]."""
    labels, taught = known_and_taught(targets, logits)
    best = labels + 1e-3 * taught if taught.shape[-1] else labels
    return ops.cast(ops.argmax(logits, axis=-1) == ops.argmax(best, axis=-1), "float32")
