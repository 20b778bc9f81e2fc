"""Zero-shot: classes without a single picture, known by their attributes alone.

A closed-form map between frozen features and a table of attributes is learnt on the classes that
have pictures; a class that only has a row in the table is answered by that row. See
`components.train.semantics` for the papers. The result is a linear head on the frozen embedding.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from components.common.artifacts.records import file_sha256
from components.common.config import Section
from components.common.errors import ConfigError, DataError
from components.common.labels.attributes import AttributeTable
from components.common.labels.source_facts import SourceFacts
from components.networks.config import EMBEDDING, LOGITS
from components.train.options import Uses

if TYPE_CHECKING:
    from components.common.artifacts.judging.figures import Metric
    from components.networks.data import Split, TrainingData
    from components.networks.network import Network
    from components.train.semantics.choice import ChosenPenalty
    from components.train.session import Fitted, Session

USES = Uses(attributes=True, unlabelled=True)


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """Settings of zero-shot learning.

    attributes: path of a CSV file with a column `class` and one column an attribute (0, 1 or any
        number), or the numbers of a vector of the class name.
    unseen: classes of that table that no picture shows and that shall be answered; () takes all.
    solver: "sae" (semantic autoencoder), "eszsl", or "dap" (direct attribute prediction).
    ranking: "visual" looks for the nearest class among pictures, which avoids hubs (with "eszsl" by
        ridge regression from attributes), "attributes" among attributes, all that "dap" can do.
    stacking: what known classes lose, in units of the scores; "auto" chooses it by known classes
        that are treated as unseen.
    components: principal components of the features that are looked at.
    self_training: rounds in which pictures without a label, where there are any, move the unseen
        classes; with the ranking "visual" only.
    """

    attributes: str = ""
    unseen: tuple[str, ...] = ()
    solver: Literal["sae", "eszsl", "dap"] = "sae"
    ranking: Literal["visual", "attributes"] = "visual"
    stacking: Literal["auto"] | float = "auto"
    components: Annotated[int, Field(ge=2, le=1024)] = 128
    self_training: Annotated[int, Field(ge=0, le=100)] = 5


def check(options: Options, facts: SourceFacts) -> None:
    """Refuse too few classes, a table that lacks a labelled class, or a class that it lacks.

    Raises:
        ConfigError: no table, or options that do not go together.
        DataError: see above, or a table that says nothing of some class.
    """
    from components.train.semantics.choice import LEAST_CLASSES

    if len(facts.labelled) < LEAST_CLASSES:
        raise DataError(
            f"pictures of at least {LEAST_CLASSES} classes, as some are treated as unseen to "
            "choose by",
            received=str(len(facts.labelled)),
            do="add a class with pictures, or take the preset 'pictures'",
        )
    if options.solver == "dap" and options.ranking == "visual":
        raise ConfigError(
            "train.options.ranking 'attributes' with the solver 'dap'",
            received="visual",
            do="set it, or take the solver 'sae'",
        )
    table = AttributeTable.read(options.attributes)
    labelled = [one.name for one in facts.labelled]
    table.rows(labelled)
    unknown = [name for name in options.unseen if name not in table.classes or name in labelled]
    if unknown:
        raise DataError(
            "train.options.unseen to name classes of the table that no picture shows",
            received=", ".join(unknown),
            do="add a row for each, or leave it out",
        )


def content_sha256(options: Options) -> str:
    """Return the digest of the table: another one may lie at the same path."""
    AttributeTable.read(options.attributes)
    return file_sha256(Path(options.attributes).expanduser())


def given(data: "TrainingData", options: Options) -> "TrainingData":
    """Add the classes that only the table knows, in its order."""
    table = AttributeTable.read(options.attributes)
    extra = [
        name
        for name in options.unseen or table.classes
        if name not in data.classes and name in table.classes
    ]

    def padded(split: "Split") -> "Split":
        wide = np.pad(split.targets, ((0, 0), (0, len(extra))))
        return dataclasses.replace(split, targets=wide)

    return dataclasses.replace(
        data,
        train=padded(data.train),
        validation=padded(data.validation),
        unlabelled=padded(data.unlabelled),
        classes=(*data.classes, *extra),
    )


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Solve the head for known and unseen classes on the cached embeddings."""
    from components.common.seeding import derive
    from components.networks.features.cache import Want
    from components.train.semantics.choice import Way
    from components.train.semantics.fit import KnownClasses, fit_head
    from components.train.session import EpochScore, Fitted, score
    from components.train.transfer import tail_inputs, trainable_parameters

    inputs = tail_inputs(data, network, session, cut=EMBEDDING)
    tail = network.between((EMBEDDING,), (LOGITS,))
    (features,) = session.cache.get(network, Want(data.train, (EMBEDDING,)))
    extra = None
    if data.unlabelled.pictures and options.self_training:
        plain = data.unlabelled.take(np.arange(data.unlabelled.pictures))
        (extra,) = session.cache.get(network, Want(plain, (EMBEDDING,)))
    known = KnownClasses(
        features=np.asarray(features, dtype=np.float32),
        targets=data.train.targets,
        weights=data.train.weights,
        labels=data.train.labels,
        groups=data.train.groups,
    )
    way = Way(
        solver=options.solver,
        ranking=options.ranking,
        stacking=None if options.stacking == "auto" else options.stacking,
        components=options.components,
        rounds=options.self_training,
        seed=derive(session.seed, "zero-shot"),
    )
    table = AttributeTable.read(options.attributes).rows(data.classes)
    head = fit_head(known, table, way, unlabelled=extra)
    network.set_head(head.kernel, head.bias)
    first = known.features[: data.train.pictures]
    on_train = score(first @ head.kernel + head.bias, data.train)
    held_out = inputs.validation_score(tail)
    row = EpochScore.of("zero-shot", 1, on_train, held_out)
    return Fitted(
        curves=(row,),
        cut=EMBEDDING,
        trainable_parameters=trainable_parameters(tail),
        notes=head.notes,
        figures=_figures(head.choice),
    )


def _figures(choice: "ChosenPenalty | None") -> tuple["Metric", ...]:
    """Return the harmonic mean with its interval over the folds of classes."""
    from scipy.stats import t

    from components.common.artifacts.judging.figures import Metric

    if choice is None:
        return ()
    found = choice.harmonic
    mean = float(found.mean())
    reach = 0.0
    if len(found) > 1:
        reach = float(t.ppf(0.975, len(found) - 1) * found.std(ddof=1) / np.sqrt(len(found)))
    low, high = max(0.0, mean - reach), min(1.0, mean + reach)
    return (Metric(name="harmonic_mean", value=mean, low=low, high=high),)
