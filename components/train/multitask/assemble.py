"""From a network and its data to what tasks are fitted on, and back to a network that answers."""

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np

from components.common.labels.tasks import Task, TaskTargets
from components.networks.config import EMBEDDING, LOGITS
from components.networks.data import Split, TrainingData
from components.networks.features.cache import Want
from components.networks.network import Network
from components.networks.probe.probe import Probe
from components.train.multitask.single import TaskExamples
from components.train.multitask.training import SharedNetwork
from components.train.session import Session


def examples_of(
    splits: Sequence[Split], data: TrainingData, network: Network, session: Session
) -> TaskExamples:
    """Return pictures by their embeddings, all views; the class is the first task.

    Args:
        splits: whose pictures; those about which nothing is known are left out.
        data: names the classes.
        network: embeds them.
        session: cache.
    """
    parts = [_examples(split, data, network, session) for split in splits if split.pictures]
    views = min(part.views for part in parts)
    if len(parts) == 1:
        return parts[0]
    by_view = [
        part.features[view * part.pictures : (view + 1) * part.pictures]
        for view in range(views)
        for part in parts
    ]
    return TaskExamples(
        np.concatenate(by_view),
        tuple(
            TaskTargets(
                truths[0].task,
                np.concatenate([one.targets for one in truths]),
                np.concatenate([one.known for one in truths]),
            )
            for truths in zip(*(part.truths for part in parts), strict=True)
        ),
        np.concatenate([part.weights for part in parts]),
        np.concatenate([part.groups for part in parts]),
    )


def _examples(split: Split, data: TrainingData, network: Network, session: Session) -> TaskExamples:
    (features,) = session.cache.get(network, Want(split, (EMBEDDING,)))
    own = TaskTargets(Task(name="", classes=data.classes), split.targets, split.labels >= 0)
    found = TaskExamples(features, (own, *split.tasks), split.weights, split.groups)
    known = np.any([truth.known for truth in found.truths], axis=0)
    return found if known.all() else found.take(np.flatnonzero(known))


def blended(
    network: Network,
    tasks: Sequence[Task],
    probes: Sequence[Probe],
    shares: Sequence[float],
    together: SharedNetwork | None,
) -> Network:
    """Return a network that answers all tasks, the class first.

    Args:
        network: up to its embedding.
        tasks: in order; the name of the class's is "".
        probes: one a task.
        shares: of the trunk in each task's logits, in [0, 1]; the rest is the probe's.
        together: the trunk, on this network's embedding; None where nobody takes of it.
    """
    embedding = network.model.get_layer(EMBEDDING).output
    outputs = []
    for at, (task, probe, share) in enumerate(zip(tasks, probes, shares, strict=True)):
        name = f"task_{task.name}" if task.name else LOGITS
        own = keras.layers.Dense(len(task.classes), name=f"{name}_alone" if share else name)
        output = own(embedding)
        own.set_weights([(1 - share) * probe.kernel, (1 - share) * probe.bias])
        if share and together is not None:
            head = together.heads[at]
            head.set_weights([share * value for value in head.get_weights()])
            output = keras.layers.Add(name=name)([output, head.output])
        outputs.append(output)
    model = keras.Model(network.model.inputs[0], outputs, name=network.model.name)
    return dataclasses.replace(network, model=model)
