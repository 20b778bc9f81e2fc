"""Which way to transfer fits: one case for each place where labels can be, and each other wish."""

import pytest

from components.common import plugins
from components.common.labels.source_facts import ClassCount, DomainCount, SourceFacts
from components.train.commands import Wish, advise, quadrant
from components.train.config import METHODS

LABELLED = (ClassCount(name="bad", pictures=20), ClassCount(name="good", pictures=30))
OLD = DomainCount(name="old line", labelled=50, unlabelled=0)
NEW = DomainCount(name="new line", labelled=0, unlabelled=40)


def best(facts: SourceFacts, **wish: object) -> str:
    first = advise(facts, Wish(**wish))[0]  # type: ignore[arg-type]
    assert first.fits
    return first.method


@pytest.mark.parametrize(
    ("facts", "where", "method"),
    [
        (SourceFacts(labelled=LABELLED), "labels in both", "linear_probe"),
        (SourceFacts(labelled=LABELLED, domains=(OLD, NEW), unlabelled=40), "labels in the source",
         "domain_adversarial"),
        (SourceFacts(labelled=LABELLED, unlabelled=40), "labels in the target", "self_taught"),
        (SourceFacts(labelled=(), unlabelled=40), "no labels", "self_taught_clustering"),
    ],
)  # fmt: skip
def test_labels_decide(facts: SourceFacts, where: str, method: str) -> None:
    assert quadrant(facts) == where
    assert best(facts) == method


def test_what_learns_from_labels_alone_is_no_command_where_some_lack_theirs() -> None:
    found = advise(SourceFacts(labelled=LABELLED, unlabelled=40), Wish())
    (probe,) = [one for one in found if one.method == "linear_probe"]
    assert not probe.fits
    assert "leave the pictures without one out" in probe.reason


def test_a_rare_class_is_treated_as_one() -> None:
    def settings(bad: int) -> tuple[str, ...]:
        counts = (ClassCount(name="bad", pictures=bad), ClassCount(name="good", pictures=900))
        return advise(SourceFacts(labelled=counts), Wish())[0].settings

    assert settings(20) == ("train.options.imbalance=auto",)
    assert settings(300) == ()


def test_wishes_decide() -> None:
    three = (*LABELLED, ClassCount(name="worn", pictures=20))
    facts = SourceFacts(labelled=three, tasks=("kind",))
    assert best(facts) == "multitask"
    assert best(facts, attributes=("bad", "good", "worn", "scratched")) == "zero_shot"
    assert best(facts, small_device=True) == "distillation"


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ((), r"needs a table of attributes"),
        (("bad", "good"), r"names no class that has no picture"),
        (("good", "scratched"), r"the table lacks bad"),
        (("bad", "good", "scratched"), r"needs 3 classes with pictures"),
    ],
)
def test_a_table_of_attributes_has_to_fit(attributes: tuple[str, ...], reason: str) -> None:
    found = advise(SourceFacts(labelled=LABELLED), Wish(attributes=attributes))
    (zero_shot,) = [one for one in found if one.method == "zero_shot"]
    assert not zero_shot.fits
    assert reason in zero_shot.reason


def test_every_method_named_is_there_and_says_what_it_would_need() -> None:
    found = advise(SourceFacts(labelled=(), unlabelled=3), Wish())
    assert {one.method for one in found} <= set(plugins.names(METHODS))
    assert all(one.reason for one in found)
    named = [one.settings for one in found if one.method == "domain_adversarial"]
    assert named == [("ingest.unlabelled=true",)]


def test_the_command_names_the_domain_without_labels() -> None:
    facts = SourceFacts(labelled=LABELLED, domains=(OLD, NEW), unlabelled=40)
    assert "train.options.target=new line" in advise(facts, Wish())[0].settings
