"""What the method is given, refuses, and brings on a shifted domain."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from tiny_network import tiny_network
from tiny_shards import write_tiny_shards

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.shards import Shards
from components.common.errors import ConfigError, DataError
from components.common.labels.source_facts import ClassCount, DomainCount, SourceFacts
from components.networks.data import Split, TrainingData, none_of
from components.networks.features.cache import ActivationCache
from components.train.config import TrainConfig
from components.train.fit import train
from components.train.methods import domain_adversarial
from components.train.methods.domain_adversarial import Options
from components.train.session import Session, predict

# On JAX, reading any Keras variable; Keras and NumPy 2 disagree about a keyword.
KERAS_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(KERAS_NOISE)]

CLASSES = ("dark", "bright")


def split(name: str, count: int, domains: tuple[str, ...]) -> Split:
    rng = np.random.default_rng(len(name))
    labels = np.arange(count) % 2
    levels = 20 + 30 * labels + 55 * (np.array(domains) == "new")
    noise = rng.normal(0, 8, (count, 8, 8, 1))
    return Split(
        pixels=(levels[:, None, None, None] + noise).clip(0, 255).astype(np.uint8),
        targets=np.eye(2, dtype=np.float32)[labels],
        labels=labels,
        weights=np.ones(count, np.float32),
        groups=np.array([f"{name}{row // 4}" for row in range(count)]),
        paths=tuple(f"{name}{row}" for row in range(count)),
        content_sha256=name,
        domains=domains,
    )


TRAIN = split("train", 64, ("old",) * 32 + ("new",) * 32)
DATA = TrainingData(
    TRAIN, split("validation", 16, ("old",) * 8 + ("new",) * 8), CLASSES, none_of(TRAIN)
)


def facts(domains: tuple[DomainCount, ...], *, unlabelled: int = 0) -> SourceFacts:
    counts = tuple(ClassCount(name=name, pictures=20) for name in CLASSES)
    return SourceFacts(labelled=counts, domains=domains, unlabelled=unlabelled)


OLD = DomainCount(name="old", labelled=40, unlabelled=0)


def test_labels_of_the_target_are_taken_away_before_anything_is_fitted() -> None:
    arranged = domain_adversarial.given(DATA, Options(target="new"))
    assert set(arranged.train.domains) == set(arranged.validation.domains) == {"old"}
    hidden = arranged.unlabelled
    assert hidden.pictures == 32 + 8
    assert set(hidden.labels) == {-1}
    assert not hidden.targets.any()
    assert hidden.paths[0] == "train32"
    np.testing.assert_array_equal(hidden.pixels[:32], TRAIN.pixels[32:])
    np.testing.assert_array_equal(hidden.pixels[33], DATA.validation.pixels[9])


def test_without_a_name_the_target_is_the_domain_of_the_pictures_without_a_label() -> None:
    strangers = domain_adversarial.given(DATA, Options(target="new")).unlabelled
    train = TRAIN.select(np.arange(32))
    data = dataclasses.replace(DATA, train=train, unlabelled=strangers)
    arranged = domain_adversarial.given(data, Options())
    assert arranged.unlabelled.pictures == 40 + 8  # its labelled validation pictures too
    assert set(arranged.validation.domains) == {"old"}


@pytest.mark.parametrize(
    ("options", "known", "error", "match"),
    [
        (Options(), facts((OLD,)), DataError, "without labels, received none without labels"),
        (Options(target="old"), facts((OLD,)), DataError, "other than the target, received"),
        (Options(target="newer"), facts((OLD,)), ConfigError, "received 'newer'; name each"),
        (Options(target="x"), facts(()), ConfigError, "none is named"),
    ],
)
def test_data_without_a_second_domain_are_refused(
    options: Options, known: SourceFacts, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        domain_adversarial.check(options, known)


def test_two_domains_and_unnamed_pictures_without_labels_are_taken() -> None:
    new = DomainCount(name="new", labelled=3, unlabelled=0)
    domain_adversarial.check(Options(target="new"), facts((OLD, new)))
    domain_adversarial.check(Options(), facts((), unlabelled=5))


def test_a_class_that_only_the_target_shows_is_refused() -> None:
    rows = np.flatnonzero((TRAIN.labels == 0) | (np.array(TRAIN.domains) == "new"))
    data = dataclasses.replace(DATA, train=TRAIN.select(rows))
    with pytest.raises(DataError, match="none of bright"):
        domain_adversarial.given(data, Options(target="new"))


def test_labels_that_folds_could_not_ask_about_are_refused() -> None:
    crossed = dataclasses.replace(DATA, validation=none_of(TRAIN))
    with pytest.raises(DataError, match="cross-validation and 32 labelled pictures of the target"):
        domain_adversarial.given(crossed, Options(target="new"))


def test_a_candidate_is_judged_by_the_source_and_at_home_in_both_domains(tmp_path: Path) -> None:
    shards = Shards.read(write_tiny_shards(tmp_path / "shards", train=32, validation=16))
    second = shards.index["group"].str[-1].astype(int) % 2 == 1
    domains = np.where(second, "new", "old")
    dataclasses.replace(shards, index=shards.index.assign(domain=domains)).write()
    settings = TrainConfig(
        backbone="vgg16", weights="none", method="domain_adversarial", options={"target": "new"}
    )
    train(shards.root, out=tmp_path / "candidate", settings=settings, cache_dir="")
    candidate = Candidate.read(tmp_path / "candidate")
    asked = candidate.held_out()
    by_path = dict(zip(shards.index["path"], domains, strict=True))
    assert {by_path[path] for path in asked["path"]} == {"old"}
    familiar = candidate.familiar()
    assert familiar is not None
    assert len(familiar.directions) == 32 + 16 // 2


@pytest.mark.parametrize("align", ["auto", "standardise", "coral", "mmd", "mcc", "dann"])
def test_the_target_is_answered_better_than_by_the_source_alone(align: str, tmp_path: Path) -> None:
    options = Options(target="new", align=align)  # type: ignore[arg-type]
    data = domain_adversarial.given(DATA, options)
    session = Session(seed=0, flips=1, cache=ActivationCache(tmp_path, 10**9))
    fitted = domain_adversarial.fit(data, tiny_network(), options, session)
    assert fitted.network is not None
    colours = [
        np.repeat(side[:32], 3, axis=3).astype(np.float32)
        for side in (data.unlabelled.pixels, data.train.pixels)
    ]
    right = [
        float(
            (predict(fitted.network.model, [pixels], rows=32).argmax(1) == TRAIN.labels[:32]).mean()
        )
        for pixels in colours
    ]
    alone = tiny_network()
    domain_adversarial.fit(data, alone, dataclasses.replace(options, align="none"), session)
    source_only = predict(alone.model, [colours[0]], rows=32).argmax(1) == TRAIN.labels[:32]
    assert source_only.mean() < 0.7
    assert min(right) > 0.85
    assert any("40 pictures of the target were not looked at" in note for note in fitted.notes)
