"""Multitask learning: the class and further tasks on one shared trunk over the frozen embedding.

Each task begins with the solved probe of its own. A trunk that all share is trained beside it, in
one of eight ways (`multitask/sharing.py` names the papers), and each task takes of it what held-out
pictures say it is worth, often nothing: where it is not better, the probe stays.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.common.errors import DataError
from components.networks.config import EMBEDDING, LOGITS
from components.train.multitask.options import SharedOptions
from components.train.options import Uses

if TYPE_CHECKING:
    from components.common.labels.source_facts import SourceFacts
    from components.networks.data import TrainingData
    from components.networks.network import Network
    from components.train.session import Fitted, Session

# Pictures whose class is not known, but a further task is.
USES = Uses(unlabelled=True, tasks=True)


@dataclass(frozen=True, kw_only=True)
class Options(SharedOptions):
    """See `SharedOptions`."""


def check(_options: Options, facts: "SourceFacts") -> None:
    """Refuse data with the class alone.

    Raises:
        DataError: the manifest has no further task.
    """
    if not facts.tasks:
        raise DataError(
            "labels of a further task for train.method=multitask",
            received="the class alone",
            do="give the manifest a column 'label:TASK' with two labels or more; its cells may be "
            "empty, or hold several labels with '|' between them",
        )


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Fit probes and the shared trunk on the cached embeddings of all views."""
    from components.networks.probe.probe import Probe
    from components.train.multitask.assemble import blended, examples_of
    from components.train.multitask.guard import (
        asked,
        asked_by_folds,
        chosen_share,
        fitted_together,
    )
    from components.train.multitask.single import solve_task
    from components.train.session import EpochScore, Fitted, predict, score
    from components.train.transfer import solve_head, tail_inputs, trainable_parameters

    data = data.weighted(options.class_weight)
    inputs = tail_inputs(data, network, session, cut=EMBEDDING)
    tail = network.between((EMBEDDING,), (LOGITS,))
    head = solve_head(network, tail, inputs, options, session, cut=EMBEDDING)
    known = examples_of((data.train, data.unlabelled), data, network, session)
    kernel, bias = network.head.get_weights()
    probes = [Probe(kernel, bias, head.strength)]
    probes += [
        solve_task(known, at, options, seed=session.seed) for at in range(1, len(known.truths))
    ]
    together, found = None, []
    embedding = network.model.get_layer(EMBEDDING).output
    if data.validation.pictures and len(probes) > 1:
        together = fitted_together(known, probes, options, seed=session.seed, embedding=embedding)
        held_out = examples_of((data.validation,), data, network, session)
        found = [asked(held_out, probes, together)]
    elif len(probes) > 1:
        found = asked_by_folds(known, probes, options, seed=session.seed)
    shares = [chosen_share([one[at] for one in found]) for at in range(len(probes))]
    if any(shares) and together is None:
        together = fitted_together(known, probes, options, seed=session.seed, embedding=embedding)
    tasks = [truth.task for truth in known.truths]
    kept = blended(network, tasks, probes, shares, together)
    end = kept.between((EMBEDDING,), (LOGITS,))
    fitted_on = score(predict(end, (head.embeddings,), rows=data.train.pictures), data.train)
    judged_on = inputs.validation_score(end)
    row = EpochScore.of("multitask", 2, fitted_on, judged_on)
    return Fitted(
        curves=(head.row, row),
        cut=EMBEDDING,
        trainable_parameters=trainable_parameters(kept.between((EMBEDDING,), kept.answering)),
        notes=(head.note, *_notes([task.name for task in tasks], shares)),
        network=kept,
        embeddings=head.embeddings,
    )


def _notes(names: list[str], shares: list[float]) -> list[str]:
    """Say which tasks share, by their columns after "label:"; the class's is "label" itself."""
    shown = {name or "label": share for name, share in zip(names, shares, strict=True)}
    alone = [name for name, share in shown.items() if not share]
    notes = [
        f"multitask: {100 * share:.0f} % of the answers to {name} are the shared layers'"
        for name, share in shown.items()
        if share
    ]
    if alone:
        notes.append(f"multitask: no better than a probe of its own for {', '.join(alone)}")
    return notes
