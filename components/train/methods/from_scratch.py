"""From scratch: the backbone's shape with random weights; the check on whether transfer pays.

With many pictures unlike anything that networks are pretrained on; below some 10^4 it is rarely
right (He, Girshick and Dollar 2019, arXiv:1811.08883). There is no probe to start from and nothing
is frozen. BatchNorm has to learn here; its statistics follow with the momentum
max(0.9, 1 - 10 / steps) of Kornblith et al. 2019 (arXiv:1805.08974), or they would never arrive.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from components.common.seeding import derive
from components.networks.config import INPUT, LOGITS
from components.train.options import PixelOptions, TuningOptions

if TYPE_CHECKING:
    from components.networks.data import Split, TrainingData
    from components.networks.network import Network
    from components.train.loop.losses import Loss
    from components.train.session import Fitted, Session
    from components.train.transfer import Teach

NORMS_LEARN = True


@dataclass(frozen=True, kw_only=True)
class Options(TuningOptions, PixelOptions):
    """Settings of training from scratch: `TuningOptions`, longer and faster, `PixelOptions`."""

    epochs: Annotated[int, Field(ge=1, le=1000)] = 60
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Forget the weights, then train everything.

    A training that ends worse than knowing only how frequent the classes are counts as failed;
    see `attempt`.
    """
    from components.train.loop.losses import cross_entropy

    return from_random(data, network, options, session, loss=cross_entropy)


def from_random(
    data: "TrainingData",
    network: "Network",
    options: TuningOptions,
    session: "Session",
    *,
    loss: "Loss",
    teach: "Teach" = lambda inputs: inputs,
) -> "Fitted":
    """Do so with any loss; `loss` and `teach` as in `transfer`."""
    import keras

    from components.train.loop.attempts import Bar, attempt
    from components.train.loop.fine_tune import Course
    from components.train.session import Fitted
    from components.train.transfer import tail_inputs, trainable_parameters

    data = data.weighted(options.class_weight)
    keras.utils.set_random_seed(derive(session.seed, "scratch"))
    steps = options.epochs * math.ceil(data.train.pictures / options.batch)
    _forget(network.model, momentum=max(0.9, 1.0 - 10.0 / steps))
    _know_the_frequencies(network, data.train)
    inputs = tail_inputs(data, network, session, cut=INPUT)
    tail = network.between((INPUT,), (LOGITS,))
    bar = Bar.of(tail, inputs, owner="knowing only the class frequencies")
    course = Course(phase="scratch", first_epoch=1, loss=loss)
    done = attempt(tail, teach(inputs), options, session, bar=bar, course=course)
    kept = () if done.kept else ("nothing was learned: the answers are the class frequencies",)
    return Fitted(
        curves=done.curves,
        cut=INPUT,
        trainable_parameters=trainable_parameters(tail),
        notes=("random weights at the start", *done.notes, *kept),
    )


def _forget(model: Any, *, momentum: float) -> None:
    """Give every layer fresh weights and let it learn; fixed input statistics stay."""
    import keras

    fresh = keras.models.clone_model(model)
    for layer in model.layers:
        layer.trainable = True
        if not isinstance(layer, keras.layers.Normalization):
            layer.set_weights(fresh.get_layer(layer.name).get_weights())
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = momentum


def _know_the_frequencies(network: "Network", split: "Split") -> None:
    import numpy as np

    frequencies = np.average(split.targets, axis=0, weights=split.weights)
    kernel = np.zeros(network.head.kernel.shape, np.float32)
    network.set_head(kernel, np.log(frequencies).astype(np.float32))
