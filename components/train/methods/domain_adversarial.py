"""Domain adaptation: labels of one domain, answers about another whose labels are not looked at.

On the frozen embedding, so that it takes seconds: each domain standardised by itself (AdaBN, Li et
al. 2017, arXiv:1603.04779), CORAL (Sun et al. 2016), MMD (Long et al. 2015), MCC (Jin et al. 2020)
and DANN (Ganin et al. 2016). `align: auto` keeps one of them by what can be known without those
labels, or falls back to the baseline. What is kept answers about pictures of both domains.
See `components.train.domains`.
"""

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from components.common.config import Section
from components.common.errors import ConfigError, DataError, some
from components.networks.config import EMBEDDING
from components.train.options import ClassWeight, Uses

if TYPE_CHECKING:
    from components.common.labels.source_facts import SourceFacts
    from components.networks.data import Split, TrainingData
    from components.networks.network import Network
    from components.networks.rows import Floats
    from components.train.domains.arms import DomainAnswers, Sides
    from components.train.session import Fitted, Session

USES = Uses(unlabelled=True, domains=True)

_TWO_DOMAINS = (
    "name each picture's domain in the manifest's column 'domain' and one of them in "
    "train.options.target, or give that domain's pictures without labels (ingest.unlabelled)"
)


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """Settings of the adaptation.

    target: the domain whose labels are never looked at, neither in fitting nor in calibration; its
        labelled pictures count as unlabelled ones. All other domains are one source. "" stands for
        the domain of the unlabelled pictures.
    align: how the two are brought together; "none" fits the source alone; "auto" takes the
        first that passes a guard that asks no label of the target (of two classes "mmd", "dann",
        "mcc"; of more "mcc", "mmd", "coral"), else a baseline.
    strength: inverse L2 penalty C on standardised features, as of the linear probe. It is not
        chosen by the source: what is best there is rarely best for the target.
    weight: times what each way counts beside the loss on the labels (1 is what was measured).
    class_weight: "balanced" lets every class count the same.
    """

    target: str = ""
    align: Literal["auto", "none", "standardise", "coral", "mmd", "mcc", "dann"] = "auto"
    strength: Annotated[float, Field(gt=0)] = 3e-3
    weight: Annotated[float, Field(gt=0)] = 1.0
    class_weight: ClassWeight = "none"


def check(options: Options, facts: "SourceFacts") -> None:
    """Refuse data without a second domain.

    Raises:
        ConfigError: there is no domain of that name.
        DataError: all pictures are of one domain, or nothing says which one is the target.
    """
    named = {one.name: one for one in facts.domains}
    if options.target and options.target not in named:
        raise ConfigError(
            f"one of the domains {some(named) or '(none is named)'} in train.options.target",
            received=f"'{options.target}'",
            do=_TWO_DOMAINS,
        )
    without = [one.name for one in facts.domains if one.unlabelled]
    if not options.target and (not facts.unlabelled or len(without) > 1):
        received = f"unlabelled pictures of {some(without)}" if without else "none without labels"
        raise DataError("pictures of one domain without labels", received=received, do=_TWO_DOMAINS)
    target = options.target or "".join(without)
    left = facts.pictures - (named[target].labelled if target in named else 0)
    if not left:
        raise DataError(
            "labelled pictures of a domain other than the target",
            received=f"pictures of {target} only",
            do=_TWO_DOMAINS,
        )


def given(data: "TrainingData", options: Options) -> "TrainingData":
    """Return the data with the target's pictures among those without a label.

    Raises:
        DataError: a class is labelled in the target only, or nothing could be held out to judge by.
    """
    from components.networks.data import without_labels

    target = options.target or next(iter(data.unlabelled.domains), "")

    def parted(split: "Split") -> "tuple[Split, Split]":
        hidden = np.array(
            [bool(target) and domain == target for domain in split.domains], dtype=bool
        )
        hidden = hidden if split.domains else np.zeros(split.pictures, dtype=bool)
        return split.select(np.flatnonzero(~hidden)), split.select(np.flatnonzero(hidden))

    (train, moved), (validation, moved_too) = parted(data.train), parted(data.validation)
    _, also = parted(data.unlabelled) if target else (data.unlabelled, data.unlabelled)
    if moved.pictures and not data.validation.pictures:
        raise DataError(
            "pictures that are held out: folds cannot ask about labels that are not looked at",
            received=f"cross-validation and {moved.pictures} labelled pictures of the target",
            do="set validate.evidence: holdout, or leave their labels empty (ingest.unlabelled)",
        )
    if data.validation.pictures and not validation.pictures:
        raise DataError(
            "validation pictures of a domain other than the target",
            received="none",
            do="raise validate.validation_fraction, or add groups of the other domains",
        )
    absent = [name for place, name in enumerate(data.classes) if place not in train.labels]
    if absent:
        raise DataError(
            "labelled pictures of every class outside the target domain",
            received=f"none of {some(absent)}",
            do="label some, or leave the class out",
        )
    strangers = without_labels([also, moved, moved_too])
    return dataclasses.replace(data, train=train, validation=validation, unlabelled=strangers)


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Fit a head for each side on cached embeddings, and what says which one to ask."""
    from components.common.seeding import derive
    from components.networks.data import without_labels
    from components.networks.features.cache import Want
    from components.train.domains.arms import Sides
    from components.train.domains.served import served, tell_apart
    from components.train.session import EpochScore, Fitted, Score, score

    data = data.weighted(options.class_weight)

    def embedded(split: "Split", of: str) -> "Floats":
        want = Want(split, (EMBEDDING,), activity=f"computing {of} features")
        return np.asarray(session.cache.get(network, want)[0], dtype=np.float32)

    own, strangers = embedded(data.train, "source"), data.unlabelled
    others = embedded(strangers, "target") if strangers.pictures else own[:0]
    sides = Sides(own, data.train, others)
    seed = derive(session.seed, "domains")
    answers, notes = _answers(sides, options, seed=seed)
    kept = network
    if answers.own is answers.others:
        network.set_head(answers.own.kernel, answers.own.bias)
    else:
        side, right = tell_apart(sides, strangers, seed=seed)
        kept = served(network, answers, side)
        notes = (*notes, f"domains told apart: {right:.1%} of pictures of groups not seen before")
    fitted_on = score(answers.own.logits(sides.plain), data.train)
    judged_on = Score(float("nan"), float("nan"))
    if data.validation.pictures:
        held_out = embedded(data.validation, "validation")[: data.validation.pictures]
        judged_on = score(answers.own.logits(held_out), data.validation)
    row = EpochScore.of(answers.arm, 1, fitted_on, judged_on)
    return Fitted(
        curves=(row,),
        cut=EMBEDDING,
        trainable_parameters=sum(weight.size for weight in kept.head.get_weights()),
        notes=notes,
        network=kept,
        known=without_labels((data.train, strangers)),
        embeddings=sides.plain,
    )


def _answers(
    sides: "Sides", options: Options, *, seed: int
) -> "tuple[DomainAnswers, tuple[str, ...]]":
    """Return the arm that is kept, and what a reader should know of it."""
    from components.train.domains.arms import solve
    from components.train.domains.choice import choose

    strength, weight = options.strength, options.weight
    if not len(sides.others):
        note = "no picture of another domain: the source was fitted alone"
        return solve("none", sides, strength=strength, weight=weight, seed=seed), (note,)
    arm, reason = options.align, f"aligned by {options.align}, as the settings say"
    if arm == "auto":
        arm, reason = choose(sides, strength=strength, weight=weight, seed=seed)
    hidden = f"the labels of {len(sides.others)} pictures of the target were not looked at"
    return solve(arm, sides, strength=strength, weight=weight, seed=seed), (reason, hidden)
