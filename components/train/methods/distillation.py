"""Distillation: a small student learns from the answers of larger teachers (Hinton, Vinyals and
Dean 2015, arXiv:1503.02531).

A picture's label says one class; a teacher says how much it looks like each. Teacher and student
see the same augmented view (Beyer et al. 2021, arXiv:2106.05237). Several teachers answer by the
mean of their softened probabilities. Pictures without a label take part: with the teachers' answers
alone. The student is `train.backbone`.

What a teacher says of pictures that it has learnt is little more than their labels. So teachers are
fitted again, by their recipe, without the picture's group. With `cross_fit: false` the student that
ships learns from the published teacher; in a fold of cross-validation that one is fitted again too,
since it has seen all pictures.
"""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from components.common.errors import ConfigError, DataError
from components.networks.config import INPUT
from components.train.options import TransferOptions, Uses

if TYPE_CHECKING:
    from components.common.labels.source_facts import SourceFacts
    from components.networks.data import TrainingData
    from components.networks.network import Network
    from components.train.distil.teacher import Teacher
    from components.train.loop.inputs import TuningInputs
    from components.train.session import Fitted, Session

USES = Uses(unlabelled=True, teacher=True)


@dataclass(frozen=True, kw_only=True)
class Options(TransferOptions):
    """Settings of distillation, besides those of `TransferOptions`.

    teachers: paths of published models ("serving/models/solar", the newest version), of versions
        ("serving/models/solar/3") or of Candidate folders. None trains the student alone, which
        `share: 0` has to say.
    temperature: T, by which all logits are divided; larger ones tell more of the unlikely classes.
    share: a, how much the teachers count beside the labels.
    cross_fit: each picture is answered by teachers that were fitted again, by their recipe, without
        its group, which takes five fits of the recipe; False asks the published ones.
    start: "weights" solves the head on the backbone's weights and tunes what follows the cut;
        "random" forgets them and trains everything, BatchNorm too.
    cut: the last frozen layer; "pixels" freezes none, "" leaves it to the backbone.
    """

    teachers: tuple[str, ...] = ()
    temperature: Annotated[float, Field(gt=0, le=100)] = 4.0
    share: Annotated[float, Field(ge=0, le=1)] = 0.9
    cross_fit: bool = True
    start: Literal["weights", "random"] = "weights"
    cut: str = ""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 30
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 3e-4


def check(options: Options, facts: "SourceFacts") -> None:
    """Refuse no teacher, one that is not there, and one of other classes or picture sizes.

    Raises:
        ConfigError, DataError, WeightsError: see above.
    """
    if not options.teachers and options.share:
        raise ConfigError(
            "train.options.teachers: a teacher to learn from",
            received="none",
            do="name a published model there ('serving/models/solar'), or set "
            "train.options.share=0 to train the student alone",
        )
    if facts.unlabelled and not options.share:
        raise DataError(
            "a teacher that answers for the pictures without a label",
            received="train.options.share=0",
            do="raise it, or leave out ingest.unlabelled",
        )
    names = {one.name for one in facts.labelled}
    for teacher in _teachers(options):
        # The order of the classes is known in `train` only.
        theirs = teacher.candidate.info.classes
        teacher.check_classes(theirs if set(theirs) == names else tuple(sorted(names)))
        if facts.side_px:
            teacher.check_pictures(facts.side_px, facts.fit)


def content_sha256(options: Options) -> str:
    """Return the digests of the teachers: another version may lie at the same path."""
    return " ".join(teacher.sha256 for teacher in _teachers(options))


def seen(options: Options) -> frozenset[str]:
    """Return the pictures (sha256) that any teacher has seen whose network is asked itself."""
    if options.cross_fit:
        return frozenset()
    return frozenset().union(*(teacher.seen for teacher in _teachers(options)))


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Ask the teachers about every view, then train the student on labels and answers."""
    from components.train.loop.losses import TaughtLoss, cross_entropy
    from components.train.methods.from_scratch import from_random
    from components.train.transfer import chosen_cut, transfer

    random = options.start == "random"
    cut = INPUT if random else chosen_cut(network, options.cut)
    teachers = _teachers(options)
    taught = partial(_taught, data, network, options, session, teachers, cut)
    train = from_random if random else partial(transfer, cut=cut)
    if not teachers:
        return train(data, network, options, session, loss=cross_entropy)
    loss = TaughtLoss(options.share, options.temperature)
    return train(data, network, options, session, loss=loss, teach=taught)


def _teachers(options: Options) -> "tuple[Teacher, ...]":
    from components.train.distil.teacher import Teacher

    return tuple(Teacher.at(named) for named in options.teachers if options.share)


def _taught(
    data: "TrainingData",
    network: "Network",
    options: Options,
    session: "Session",
    teachers: "tuple[Teacher, ...]",
    cut: str,
    inputs: "TuningInputs",
) -> "TuningInputs":
    from components.networks.features.cache import Want
    from components.train.distil import lessons

    heard = lessons.ask(
        teachers, data, session, temperature=options.temperature, unseen=options.cross_fit
    )
    more = Want(data.unlabelled, network.boundary(cut), activity="computing features")
    extra = session.cache.inputs(network, more) if data.unlabelled.pictures else ()
    return lessons.taught(inputs, heard, data.unlabelled, extra)
