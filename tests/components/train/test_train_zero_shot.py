"""The method around the solvers: what it needs, what it adds, and its head."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from tiny_network import tiny_network

from components.common.errors import ConfigError, DataError
from components.common.labels.source_facts import ClassCount, SourceFacts
from components.networks.data import Split, TrainingData, none_of
from components.networks.features.cache import ActivationCache
from components.train.methods import zero_shot
from components.train.methods.zero_shot import Options
from components.train.session import Session, flip_averaged_logits

# On reading a Keras variable; Keras and NumPy 2 disagree about a keyword.
KERAS_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.filterwarnings(KERAS_NOISE)]

# Which quarters of the picture are bright. The last class is never shown.
TABLE = "class,left,right,top\na,1,0,0\nb,0,1,0\nc,0,0,1\nd,1,1,0\ne,0,1,1\n"
KNOWN = ("a", "b", "c", "d")


@pytest.fixture
def options(tmp_path: Path) -> Options:
    file = tmp_path / "attributes.csv"
    file.write_text(TABLE)
    return Options(attributes=str(file))


def split(count: int, seed: int) -> Split:
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(KNOWN)
    return Split(
        pixels=rng.integers(0, 256, (count, 8, 8, 1), dtype=np.uint8),
        targets=np.eye(len(KNOWN), dtype=np.float32)[labels],
        labels=labels,
        weights=np.ones(count, np.float32),
        groups=np.arange(count).astype(str),
        paths=tuple(f"{seed}/{row}" for row in range(count)),
        content_sha256=str(seed),
    )


def facts(*names: str) -> SourceFacts:
    return SourceFacts(labelled=tuple(ClassCount(name=name, pictures=5) for name in names))


def test_what_is_missing_is_named_before_the_first_step(options: Options, tmp_path: Path) -> None:
    zero_shot.check(options, facts(*KNOWN))
    with pytest.raises(ConfigError, match=r"train\.options\.attributes"):
        zero_shot.check(Options(), facts(*KNOWN))
    with pytest.raises(DataError, match="a table without f"):
        zero_shot.check(options, facts("a", "b", "f"))
    with pytest.raises(DataError, match=r"at least 3 classes.* received 2"):
        zero_shot.check(options, facts("a", "b"))
    for wrong in ("f", "a"):  # not in the table; not unseen
        with pytest.raises(DataError, match=f"received {wrong}"):
            zero_shot.check(dataclasses.replace(options, unseen=(wrong,)), facts(*KNOWN))
    with pytest.raises(ConfigError, match="with the solver 'dap'"):
        zero_shot.check(dataclasses.replace(options, solver="dap"), facts(*KNOWN))


def test_a_changed_table_is_another_training(options: Options) -> None:
    before = zero_shot.content_sha256(options)
    Path(options.attributes).write_text(TABLE + "f,1,1,1\n")
    assert zero_shot.content_sha256(options) != before


def test_classes_of_the_table_are_added_and_the_head_answers_them(
    options: Options, tmp_path: Path
) -> None:
    train = split(40, 0)
    data = zero_shot.given(TrainingData(train, split(12, 1), KNOWN, none_of(train)), options)
    assert data.classes == (*KNOWN, "e")
    assert data.train.targets.shape == (40, 5)
    assert not data.train.targets[:, 4].any()
    one_less = dataclasses.replace(options, unseen=())
    assert zero_shot.given(data, one_less).classes == data.classes

    network = tiny_network(classes=5)
    session = Session(seed=0, flips=1, cache=ActivationCache(tmp_path / "cache", 10**8))
    fitted = zero_shot.fit(data, network, options, session)
    logits = flip_averaged_logits(network, data.validation, cut=fitted.cut, session=session)
    assert logits.shape == (12, 5)
    assert np.isfinite(logits).all()
    (figure,) = fitted.figures
    assert figure.name == "harmonic_mean"
    assert 0.0 <= figure.low <= figure.value <= figure.high <= 1.0
    # The unseen class alone keeps its scores.
    stacked = zero_shot.fit(data, network, dataclasses.replace(options, stacking=1e6), session)
    high = flip_averaged_logits(network, data.validation, cut=stacked.cut, session=session)
    assert (high.argmax(axis=1) == 4).all()
