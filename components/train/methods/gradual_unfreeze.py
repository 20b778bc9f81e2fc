"""Gradual unfreezing: one block more each stage, from the top (ULMFiT, Howard and Ruder 2018,
arXiv:1801.06146, section 3.3).

Every stage trains on activations cached at its own cut, so that the early stages are cheap.
"""

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from components.networks.config import INPUT, LOGITS
from components.train.options import TransferOptions

if TYPE_CHECKING:
    from components.networks.data import TrainingData
    from components.networks.network import Network
    from components.train.session import Fitted, Session


@dataclass(frozen=True, kw_only=True)
class Options(TransferOptions):
    """Settings of gradual unfreezing, besides those of `TransferOptions`.

    stages: the first opens what lies after the deepest cut point, each further one a block more;
        the whole network when there are more stages than cut points.
    epochs: of all stages together, at least one each.
    """

    stages: Annotated[int, Field(ge=1)] = 3


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Solve the head, then open the network block by block.

    Each stage has a rate schedule of its own. One that fails twice (see `attempt`) is undone and
    ends the unfreezing.
    """
    from components.train.loop.attempts import attempt
    from components.train.loop.fine_tune import Course
    from components.train.session import Fitted
    from components.train.transfer import (
        PROBE_KEPT,
        open_layers,
        solve_head,
        tail_inputs,
        trainable_parameters,
    )

    data = data.weighted(options.class_weight)
    cuts = (INPUT, *network.cut_points)[-options.stages :][::-1]
    for number, cut in enumerate(cuts):
        inputs = tail_inputs(data, network, session, cut=cut)
        tail = network.between(network.boundary(cut), (LOGITS,))
        if number == 0:
            head = solve_head(network, tail, inputs, options, session, cut=cut)
            curves, notes, embeddings = [head.row], [head.note], head.embeddings
        open_layers(tail, lambda _: True)
        # What does not divide goes to the last stages.
        share = max(1, (options.epochs + number) // len(cuts))
        settings = dataclasses.replace(options, epochs=share)
        course = Course(
            phase=f"stage {number + 1}", first_epoch=len(curves) + 1, blend=options.blend
        )
        done = attempt(tail, inputs, settings, session, bar=head.bar, course=course)
        curves += done.curves
        notes += done.notes
        if not done.kept:
            notes.append(f"the weights of stage {number} were kept" if number else PROBE_KEPT)
            break
    return Fitted(
        curves=tuple(curves),
        cut=cut,
        trainable_parameters=trainable_parameters(tail),
        notes=tuple(notes),
        embeddings=embeddings,
    )
