"""Fit a shared trunk and its heads on embeddings; a missing label counts for nothing."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from components.common.labels.tasks import Task
from components.common.progress import track
from components.common.seeding import derive, generator
from components.networks.probe.probe import feature_scale
from components.train.loop.optimizer import LayerwiseAdamW, Treatment
from components.train.multitask.options import SharedOptions
from components.train.multitask.sharing import Trunk, build_trunk
from components.train.multitask.single import TaskExamples

# Of the learnt weights exp(-s): beyond, a task that is memorised would be all that counts.
_LEAST_LOG_VARIANCE, _MOST_LOG_VARIANCE = -3.0, 3.0
_APART = 1e-3  # of the sum of squares by which a column's two subspaces overlap
_STITCH_RATE = 10.0  # mixing matrices are few numbers and learn faster
_SUCCESSIVE = 1e-2  # pull towards the weights before the other task's turn
_CLIP_NORM = 1.0
_INPUT_DROPOUT = 0.4


@dataclass(frozen=True)
class SharedNetwork:
    """From embeddings [N, D] to the logits of all tasks side by side; `heads` gives one each."""

    model: keras.Model
    tasks: tuple[Task, ...]
    heads: tuple[keras.layers.Dense, ...]


def fit_shared(
    examples: TaskExamples,
    options: SharedOptions,
    *,
    seed: int,
    affinity: npt.NDArray[np.float64],
    embedding: Any = None,
) -> SharedNetwork:
    """Train all tasks together.

    Args:
        examples: what is known; the first task is the class.
        options: which way to share, and how it is trained.
        seed: of weights, order and views.
        affinity: see `affinity_of`.
        embedding: symbolic [N, D] that the layers are put on; None for an input of their own.
    """
    keras.utils.set_random_seed(derive(seed, "multitask"))
    x = keras.Input((examples.features.shape[1],)) if embedding is None else embedding
    features = examples.features
    variance = np.square(1.0 / feature_scale(features))
    mean = features.mean(axis=0, dtype=np.float64)
    standard = keras.layers.Normalization(mean=mean, variance=variance)(x)
    tasks = [truth.task for truth in examples.truths]
    trunk = build_trunk(
        options.sharing,
        keras.layers.Dropout(_INPUT_DROPOUT)(standard),
        tasks=len(tasks),
        width=options.width,
        dropout=options.dropout,
        affinity=affinity,
    )
    heads = tuple(keras.layers.Dense(len(task.classes)) for task in tasks)
    logits = [head(hidden) for head, hidden in zip(heads, trunk.hidden, strict=True)]
    model = keras.Model(x, keras.layers.Concatenate()(logits) if len(heads) > 1 else logits[0])
    network = SharedNetwork(model, tuple(tasks), heads)
    _train(JointLosses(network, trunk, options), examples, options, seed=seed)
    return network


class JointLosses(keras.Model):
    """Adds up the tasks' losses; what is trained besides the network is not kept."""

    def __init__(self, network: SharedNetwork, trunk: Trunk, options: SharedOptions) -> None:
        super().__init__()
        self.network = network.model
        self._tasks, self._trunk = network.tasks, trunk
        self._learnt = options.sharing == "uncertainty"
        count = len(network.tasks)
        self.log_variances = self.add_weight((count,), initializer="zeros", trainable=self._learnt)
        # What each loss counts; of tasks that take turns, whose turn it is.
        self.turn = self.add_weight((count,), initializer="ones", trainable=False)
        others = 1.0 if self._learnt else options.weight_of_others
        self.turn.assign([1.0] + [others] * (count - 1))

    def call(self, embeddings: Any, training: bool = False) -> Any:
        """Return the logits of all tasks side by side."""
        return self.network(embeddings, training=training)

    def total(self, y: Any, y_pred: Any) -> Any:
        """Return the loss of a batch.

        Args:
            y: targets of all tasks, then the weights of each, float32 [B, classes + tasks].
            y_pred: logits [B, classes].
        """
        first, losses, count = 0, [], len(self._tasks)
        for at, task in enumerate(self._tasks):
            own = slice(first, first + len(task.classes))
            first = own.stop
            weights = y[:, at - count]
            loss = ops.sum(weights * _loss(y[:, own], y_pred[:, own], task))
            losses.append(loss / ops.maximum(ops.sum(weights), 1.0))
        each = ops.stack(losses)
        if self._learnt:
            # Kendall 2018, equation 10 for classes: exp(-s) L + s / 2, s = log sigma^2.
            s = ops.clip(self.log_variances, _LEAST_LOG_VARIANCE, _MOST_LOG_VARIANCE)
            each = ops.exp(-s) * each + s / 2
        total = ops.sum(each * self.turn)
        for one, other in self._trunk.apart:
            overlap = ops.matmul(ops.transpose(one.kernel), other.kernel)
            total = total + _APART * ops.sum(ops.square(overlap))
        return total


def _loss(targets: Any, logits: Any, task: Task) -> Any:
    """Return the cross-entropy of each row; of a multi-label task the mean over its classes."""
    if task.multi_label:
        return ops.mean(ops.softplus(logits) - targets * logits, axis=1)
    return -ops.sum(targets * ops.log_softmax(logits, axis=1), axis=1)


def _train(
    losses: JointLosses, examples: TaskExamples, options: SharedOptions, *, seed: int
) -> None:
    """Take `options.epochs` passes with AdamW at a rate that falls along a cosine."""
    in_turn = options.sharing == "joint_many_task"
    rng = generator(seed, "multitask")
    targets = examples.packed()
    steps = math.ceil(examples.pictures / options.batch)
    # A last batch that is smaller would be compiled once more.
    size = min(options.batch, examples.pictures)
    losses(examples.features[:1])
    stitches = {id(variable) for one in losses._trunk.stitches for variable in one.variables}
    pull = Treatment(penalty=_SUCCESSIVE, anchored=True) if in_turn else Treatment()
    treatments = [
        dataclasses.replace(pull, rate=_STITCH_RATE)
        if id(variable) in stitches
        else dataclasses.replace(pull, decay=options.weight_decay * (len(variable.shape) > 1))
        for variable in losses.trainable_variables
    ]
    optimizer = LayerwiseAdamW(options.learning_rate, treatments=treatments, clip_norm=_CLIP_NORM)
    optimizer.build(losses.trainable_variables)
    losses.compile(optimizer=optimizer, loss=losses.total)
    turns = list(np.eye(len(examples.truths))[::-1]) if in_turn else [None]
    for epoch in track(range(options.epochs), "training the tasks together"):
        rate = 0.5 * options.learning_rate * (1 + math.cos(math.pi * epoch / options.epochs))
        for turn in turns:
            if turn is not None:
                losses.turn.assign(turn)
                if epoch:
                    optimizer.restart()
            optimizer.learning_rate = rate
            order = np.resize(rng.permutation(examples.pictures), steps * size)
            rows = order + examples.pictures * rng.integers(examples.views, size=len(order))
            for first in range(0, len(rows), size):
                here = slice(first, first + size)
                fed = np.asarray(examples.features[rows[here]], np.float32)
                losses.train_on_batch(fed, targets[order[here]])


def answers_of(network: SharedNetwork, features: Any) -> list[npt.NDArray[np.float32]]:
    """Return float32 logits [N, classes], one array a task."""
    found = keras.ops.convert_to_numpy(network.model(np.asarray(features, np.float32)))
    ends = np.cumsum([len(task.classes) for task in network.tasks])[:-1]
    return list(np.split(found, ends, axis=1))
