"""Which way to transfer fits a data set: read from what it offers, not from its pictures.

Pan and Yang (2010, doi:10.1109/TKDE.2009.191) tell the settings apart by where labels are: in the
source, in the target, in both or in neither. The pretrained network is a source with labels in any
case; here source and target are parts of the user's own pictures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from components.common.labels.source_facts import SourceFacts

# Of an equal share of the pictures, what a class has at least that is not rare.
_RARE = 0.2
# With fewer, zero-shot can leave none out to choose and to be judged by.
_KNOWN_CLASSES = 3

Quadrant = Literal["labels in both", "labels in the source", "labels in the target", "no labels"]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a user has or wants besides the pictures.

    attributes: names of the classes in a table of attributes, () without one.
    small_device: the model is to run on a small computer without a server.
    """

    attributes: tuple[str, ...] = ()
    small_device: bool = False


@dataclass(frozen=True, kw_only=True)
class MethodAdvice:
    """Whether a method fits; `reason` says why, or what it would need and how to give it.

    preset: of `graft run`. settings: what to say besides, for `--set`.
    """

    method: str
    fits: bool
    reason: str
    preset: str
    settings: tuple[str, ...] = ()


def quadrant(facts: SourceFacts) -> Quadrant:
    """Return where the labels are."""
    if not facts.labelled:
        return "no labels"
    if _bare_domains(facts):
        return "labels in the source"
    return "labels in the target" if facts.unlabelled else "labels in both"


def advise(facts: SourceFacts, wish: Wish) -> tuple[MethodAdvice, ...]:
    """Return one MethodAdvice a way to transfer; those that fit come first, the best of them first.

    Args:
        facts: what the data set offers.
        wish: what else there is.
    """
    found = [judge(facts, wish) for judge in _JUDGES]
    return tuple(sorted(found, key=lambda one: not one.fits))


def _bare_domains(facts: SourceFacts) -> tuple[str, ...]:
    """Return the domains that have no label at all, where another one has some."""
    with_labels = any(one.labelled for one in facts.domains)
    return tuple(one.name for one in facts.domains if with_labels and not one.labelled)


def _distillation(facts: SourceFacts, wish: Wish) -> MethodAdvice:
    fits = wish.small_device and bool(facts.labelled)
    return MethodAdvice(
        method="distillation",
        fits=fits,
        reason="a small network learns what a served one answers"
        if fits
        else "for a small device: say --device",
        preset="distillation",
        settings=("model_name=MODEL-small", "train.options.teachers=[serving/models/MODEL]"),
    )


def _domain_adversarial(facts: SourceFacts, _: Wish) -> MethodAdvice:
    bare = _bare_domains(facts)
    return MethodAdvice(
        method="domain_adversarial",
        fits=bool(bare),
        reason=f"no picture of {', '.join(bare)} has a label, and other domains have some"
        if bare
        else "needs a second domain without labels: a manifest with a column 'domain', and rows "
        "of the new camera, line or product whose label is empty",
        preset="domain_adversarial",
        settings=("ingest.unlabelled=true", *(f"train.options.target={name}" for name in bare[:1])),
    )


def _zero_shot(facts: SourceFacts, wish: Wish) -> MethodAdvice:
    seen = {one.name for one in facts.labelled}
    unseen = [name for name in wish.attributes if name not in seen]
    described = seen <= set(wish.attributes)
    lacks = "needs a table of attributes: a CSV with a column 'class' and a line for every class"
    if wish.attributes:
        lacks = (
            "the table names no class that has no picture"
            if described
            else f"the table lacks {', '.join(sorted(seen - set(wish.attributes)))}"
        )
    fits = len(seen) >= _KNOWN_CLASSES and bool(unseen) and described
    if unseen and described:
        lacks = f"needs {_KNOWN_CLASSES} classes with pictures or more, to choose its penalties by"
    return MethodAdvice(
        method="zero_shot",
        fits=fits,
        reason=f"{', '.join(unseen)}: described, and shown by no picture" if fits else lacks,
        preset="zero_shot",
        settings=("train.options.attributes=FILE.csv",),
    )


def _multitask(facts: SourceFacts, _: Wish) -> MethodAdvice:
    fits = bool(facts.tasks) and bool(facts.labelled)
    return MethodAdvice(
        method="multitask",
        fits=fits,
        reason=f"further labels: {', '.join(facts.tasks)}"
        if fits
        else "needs further labels of the same pictures: manifest columns 'label:TASK'",
        preset="multitask",
    )


def _self_taught(facts: SourceFacts, _: Wish) -> MethodAdvice:
    fits = bool(facts.labelled) and facts.unlabelled > 0 and not _bare_domains(facts)
    return MethodAdvice(
        method="self_taught",
        fits=fits,
        reason=f"{facts.unlabelled} pictures without a label, to learn features from"
        if fits
        else "needs pictures without a label, of these classes or others: a folder 'unlabelled', "
        "or rows of the manifest whose label is empty",
        preset="self_taught",
        settings=("ingest.unlabelled=true",),
    )


def _clustering(facts: SourceFacts, _: Wish) -> MethodAdvice:
    return MethodAdvice(
        method="self_taught_clustering",
        fits=not facts.labelled,
        reason=f"{facts.unlabelled} pictures, none with a label: cluster them, name the clusters "
        "('graft label clusters'), and they are the labels of the first run"
        if not facts.labelled
        else "for pictures of which none has a label; here some have",
        preset="self_taught_clustering",
    )


def _fine_tuning(facts: SourceFacts, _: Wish) -> MethodAdvice:
    smallest = min((one.pictures for one in facts.labelled), default=0)
    rare = smallest * len(facts.labelled) < _RARE * facts.pictures
    arm = "a head on the pretrained network, and the arm that every other way has to beat"
    reason = f"{facts.pictures} labelled pictures, at least {smallest} a class: {arm}"
    if facts.unlabelled:
        reason = f"{arm}; it learns from labels alone, so leave the pictures without one out"
    if not facts.labelled:
        reason = "needs labels: one sub-folder a class, or a manifest with a column 'label'"
    return MethodAdvice(
        method="linear_probe",
        fits=bool(facts.labelled) and not facts.unlabelled,
        reason=reason,
        preset="pictures",
        settings=("train.options.imbalance=auto",) if rare else (),
    )


# The more special a way is, the earlier it stands: it fits fewer data sets.
_JUDGES: tuple[Callable[[SourceFacts, Wish], MethodAdvice], ...] = (
    _distillation,
    _domain_adversarial,
    _zero_shot,
    _multitask,
    _self_taught,
    _clustering,
    _fine_tuning,
)
