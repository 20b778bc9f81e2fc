"""The way that the gradient methods share: solve the head, then tune what the method opens."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy.typing as npt

from components.common.seeding import derive
from components.networks.config import EMBEDDING, INPUT, LOGITS
from components.networks.data import Split, TrainingData
from components.networks.features.cache import Want
from components.networks.features.store import Activations
from components.networks.network import Network
from components.networks.probe.probe import Probe, fit_probe
from components.train.loop.attempts import Bar, attempt
from components.train.loop.fine_tune import Course, freeze_norms
from components.train.loop.inputs import TuningInputs
from components.train.loop.losses import Loss, cross_entropy
from components.train.loop.optimizer import Treatments
from components.train.options import ProbeOptions, TransferOptions
from components.train.session import EpochScore, Fitted, Session, score

# From what a training is fed to what it is fed in fact.
Teach = Callable[[TuningInputs], TuningInputs]

# Features of all views, the training split, settings and a seed -> the head, and what to say of it.
Solve = Callable[[npt.NDArray[Any], Split, ProbeOptions, int], tuple[Probe, str]]

PROBE = "the linear probe"
PROBE_KEPT = f"{PROBE} was kept"


@dataclass(frozen=True)
class SolvedHead:
    """The solved head: a row for the curves, a note for the report, the loss to beat.

    embeddings: float [N, D] of the training pictures as they are, before anything is tuned.
    strength: the probe's penalty C.
    """

    row: EpochScore
    note: str
    bar: Bar
    embeddings: Activations
    strength: float


def transfer(
    data: TrainingData,
    network: Network,
    options: TransferOptions,
    session: Session,
    *,
    cut: str,
    opens: Callable[[str], bool] = lambda _: True,
    treat: Treatments | None = None,
    loss: Loss = cross_entropy,
    teach: Teach = lambda inputs: inputs,
) -> Fitted:
    """Solve the head on the frozen features, then tune what the method opens.

    Where tuning fails twice (see `attempt`) the probe is kept.

    Args:
        data, network, options, session: of the method.
        cut: everything up to this layer keeps its weights; "pixels" when nothing is sure to.
        opens: says by name which of the layers after the cut are trained; BatchNorm never is.
        treat: how they are trained; None trains all alike.
        loss: what tuning minimises.
        teach: adds to what is tuned on, after the head is solved.
    """
    data = data.weighted(options.class_weight)
    inputs = tail_inputs(data, network, session, cut=cut)
    tail = network.between(network.boundary(cut), (LOGITS,))
    head = solve_head(network, tail, inputs, options, session, cut=cut)
    open_layers(tail, opens)
    course = Course(treat=treat, blend=options.blend, loss=loss)
    done = attempt(tail, teach(inputs), options, session, bar=head.bar, course=course)
    kept = () if done.kept else (PROBE_KEPT,)
    return Fitted(
        curves=(head.row, *done.curves),
        cut=cut,
        trainable_parameters=trainable_parameters(tail),
        notes=(head.note, *done.notes, *kept),
        embeddings=head.embeddings,
    )


def chosen_cut(network: Network, name: str) -> str:
    """Return a cut point, the backbone's own for "", or "pixels", which freezes nothing.

    Raises:
        ConfigError: the network has no such cut point.
    """
    return INPUT if name == INPUT else network.cut(name)


def tail_inputs(
    data: TrainingData, network: Network, session: Session, *, cut: str
) -> TuningInputs:
    """Return what the part after the cut is fed from: activations, or pixels."""
    starts = network.boundary(cut)
    judged = Want(data.validation, starts, activity="computing validation features")
    held_out = data.validation.pictures > 0
    return TuningInputs(
        train=data.train,
        train_inputs=session.cache.inputs(network, Want(data.train, starts)),
        validation=data.validation,
        validation_inputs=session.cache.inputs(network, judged) if held_out else (),
        precision=session.cache.precision,
    )


def plain_probe(
    features: npt.NDArray[Any], split: Split, options: ProbeOptions, seed: int
) -> tuple[Probe, str]:
    """Solve the head by logistic regression."""
    probe = fit_probe(features, split, strength=options.strength, seed=seed, distil=options.distil)
    return probe, f"probe penalty C = {probe.strength:g}"


def solve_head(
    network: Network,
    tail: keras.Model,
    inputs: TuningInputs,
    options: ProbeOptions,
    session: Session,
    *,
    cut: str,
    solve: Solve = plain_probe,
) -> SolvedHead:
    """Fit the network's head on the embeddings of all training views.

    Args:
        network: its head is set.
        tail: the part after `cut`, which ends in that head.
        inputs: of the tail.
        options: of the probe.
        session: seed, cache.
        cut: where the cached activations end from which the embeddings are computed.
        solve: how; by logistic regression unless said otherwise.
    """
    want = Want(inputs.train, (EMBEDDING,), starts=network.boundary(cut))
    (features,) = session.cache.get(network, want)
    probe, note = solve(features, inputs.train, options, derive(session.seed, "probe"))
    network.set_head(probe.kernel, probe.bias)
    fitted_on = score(probe.logits(features[: inputs.train.pictures]), inputs.train)
    judged_on = inputs.validation_score(tail)
    return SolvedHead(
        row=EpochScore.of("probe", 1, fitted_on, judged_on),
        note=note,
        bar=Bar.of(tail, inputs, owner=PROBE),
        embeddings=features[: inputs.train.pictures],
        strength=probe.strength,
    )


def open_layers(tail: keras.Model, opens: Callable[[str], bool]) -> None:
    """Let the named layers of a tail learn, and no other; BatchNorm never."""
    for layer in tail.layers:
        layer.trainable = opens(layer.name)
    freeze_norms(tail)


def trainable_parameters(tail: keras.Model) -> int:
    """Return how many numbers training may change."""
    return sum(math.prod(variable.shape) for variable in tail.trainable_variables)
