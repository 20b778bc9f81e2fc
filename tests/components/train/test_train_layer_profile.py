"""The layer profile and `method: auto` on tiny networks whose layers are known."""

import dataclasses
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from components.common import config
from components.common.errors import ConfigError
from components.networks.config import INPUT
from components.networks.data import Split, TrainingData, none_of
from components.networks.features.cache import ActivationCache
from components.networks.network import Backbone, Network, assemble
from components.networks.rows import FlippedPixels
from components.train import layer_profile, similarity
from components.train.methods import auto, full, low_layers
from components.train.session import Session, predict, score

pytestmark = pytest.mark.slow

SIDE_PX = 16
CUTS = ("out1", "out2", "out3")


@dataclasses.dataclass(frozen=True)
class Pictures:
    pixels: np.ndarray
    labels: np.ndarray


@dataclasses.dataclass(frozen=True)
class Profiled:
    """The profile of a random network on the textures, and the session that it was measured in."""

    profile: layer_profile.Profile
    session: Session


def textures(count: int, *, seed: int, contrast: float = 1.0) -> Pictures:
    """Stripes across or down, dark or bright: the class is whether the two differ.

    Neither tells it alone: a network has to bring them together first, and see through noise.
    """
    rng = np.random.default_rng(seed)
    across, bright = rng.integers(0, 2, (2, count))
    waves = 12 * contrast * np.sign(np.sin(np.arange(SIDE_PX) * np.pi / 2 + 0.1))
    stripes = np.where(across[:, None, None], waves[None, None, :], waves[None, :, None])
    level = np.where(bright, 132.0, 108.0)[:, None, None]
    values = level + stripes + rng.normal(0, 60, (count, SIDE_PX, SIDE_PX))
    return Pictures(values.clip(0, 255).astype(np.uint8)[..., None], across ^ bright)


def shades(count: int, *, seed: int) -> Pictures:
    """Dark or bright: any layer that sees can tell."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    level = rng.normal(np.where(labels, 145.0, 95.0), 20.0)[:, None, None]
    values = level + rng.normal(0, 20, (count, SIDE_PX, SIDE_PX))
    return Pictures(values.clip(0, 255).astype(np.uint8)[..., None], labels)


def split(shown: Pictures, name: str) -> Split:
    count = len(shown.labels)
    return Split(
        pixels=shown.pixels,
        targets=np.eye(2, dtype=np.float32)[shown.labels],
        labels=shown.labels,
        weights=np.ones(count, np.float32),
        groups=np.array([f"{name}{number}" for number in range(count)], dtype=object),
        paths=tuple(f"{name}{number}" for number in range(count)),
        content_sha256=name,
    )


@pytest.fixture(scope="module")
def data() -> TrainingData:
    train = split(textures(160, seed=1), "train")
    held_out = split(textures(60, seed=2), "validation")
    return TrainingData(train, held_out, ("agree", "differ"), none_of(train))


@pytest.fixture(scope="module")
def plain() -> TrainingData:
    train = split(shades(160, seed=1), "dark")
    held_out = split(shades(60, seed=2), "darker")
    return TrainingData(train, held_out, ("dark", "bright"), none_of(train))


def random_network() -> Network:
    keras.utils.set_random_seed(3)
    pixels = keras.Input((SIDE_PX, SIDE_PX, 3), name=INPUT)
    x = keras.layers.Rescaling(1 / 64, offset=-2, name="preprocess")(pixels)
    for block, name in enumerate((*CUTS, "out4")):
        x = keras.layers.Conv2D(12, 3, strides=1 + block % 2, padding="same", name=f"conv{block}")(
            x
        )
        x = keras.layers.ReLU(name=name)(x)
    return assemble(Backbone(keras.Model(pixels, x), CUTS, "out2", ("out4",)), classes=2)


@pytest.fixture(scope="module")
def sibling_network() -> Network:
    """A network trained on clearer stripes: a task next door."""
    built = random_network()
    shown = textures(800, seed=9, contrast=1.3)
    built.model.compile(
        keras.optimizers.Adam(3e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    built.model.fit(
        FlippedPixels(shown.pixels)[:], shown.labels, epochs=15, batch_size=32, verbose=0
    )
    return built


def forgetful_network() -> Network:
    """Its last layer says the same of every picture."""
    built = random_network()
    kernel, bias = built.model.get_layer("conv3").get_weights()
    built.model.get_layer("conv3").set_weights([0 * kernel, 0 * bias + 1])
    return built


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(seed=0, flips=1, cache=ActivationCache(tmp_path / "cache", 10**9))


def choice(**settings: Any) -> auto.Options:
    return config.load(auto.Options, settings)


@pytest.fixture(scope="module")
def profiled(data: TrainingData, tmp_path_factory: pytest.TempPathFactory) -> Profiled:
    cache = ActivationCache(tmp_path_factory.mktemp("profiled"), 10**9)
    session = Session(seed=0, flips=1, cache=cache)
    return Profiled(
        layer_profile.measure(data.train, random_network(), session, limit=500), session
    )


def found(network: Network, data: TrainingData, session: Session) -> similarity.Similarity | None:
    profile = layer_profile.measure(data.train, network, session, limit=500)
    return similarity.similarity(profile, noise=1.0)


def test_a_network_trained_next_door_is_similar(
    sibling_network: Network, data: TrainingData, session: Session
) -> None:
    near = found(sibling_network, data, session)
    assert near is not None
    assert near.value - near.error > 0.1


def test_a_random_network_and_a_forgetful_one_are_not(
    plain: TrainingData, session: Session
) -> None:
    size = similarity.count(plain.train)
    stranger = found(random_network(), plain, session)
    assert similarity.choose(size, stranger, similarity.Thresholds()).cell != "few_similar"
    lost = found(forgetful_network(), plain, session)
    assert similarity.choose(size, lost, similarity.Thresholds()).cell == "few_dissimilar"


def test_the_profile_goes_from_shallow_to_deep(profiled: Profiled) -> None:
    profile = profiled.profile
    assert [depth.layer for depth in profile.depths] == [*CUTS, "out4"]
    shares = [depth.depth for depth in profile.depths]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert {depth.features for depth in profile.depths} == {12}
    assert all(len(depth.folds) == 5 for depth in profile.depths)
    # Means only: no cached map is larger than a number a picture and channel.
    kept = [np.load(path).shape for path in profiled.session.cache.root.glob("*.npy")]
    assert kept == [(160, 12)] * 4


def test_a_limit_draws_pictures(data: TrainingData, session: Session) -> None:
    layer_profile.measure(data.train, random_network(), session, limit=50)
    kept = [np.load(path).shape for path in session.cache.root.glob("*.npy")]
    assert kept == [(50, 12)] * 4


def test_views_are_not_counted_as_pictures(data: TrainingData, profiled: Profiled) -> None:
    twice = dataclasses.replace(data.train, pixels=np.concatenate([data.train.pixels] * 2))
    seen = layer_profile.measure(twice, random_network(), profiled.session, limit=500)
    assert seen == profiled.profile


def test_auto_cuts_a_forgetful_top_off(plain: TrainingData, session: Session) -> None:
    options = choice(check=False, methods={"low_layers": {"epochs": 1}})
    fitted = auto.fit(plain, forgetful_network(), options, session)
    decision = fitted.decision
    assert decision is not None
    assert (decision.cell, decision.method) == ("few_dissimilar", "low_layers")
    assert decision.layer in CUTS
    assert "160 pictures" in decision.reason
    assert f"only the layers up to {decision.layer} are transferred" in decision.reason
    assert fitted.notes[0] == decision.reason
    assert fitted.network is not None
    names = [layer.name for layer in fitted.network.model.layers]
    assert decision.layer in names
    assert "out4" not in names
    assert [depth.layer for depth in decision.profile] == [*CUTS, "out4"]


def test_auto_takes_the_probe_where_it_is_similar(
    sibling_network: Network, data: TrainingData, session: Session
) -> None:
    options = choice(check=False, methods={"linear_probe": {"strength": 0.25}})
    fitted = auto.fit(data, sibling_network, options, session)
    assert fitted.decision is not None
    assert (fitted.decision.cell, fitted.decision.method) == ("few_similar", "linear_probe")
    assert fitted.network is None
    assert "probe penalty C = 0.25" in fitted.notes  # what was asked for


def test_without_the_check_one_method_is_fitted() -> None:
    checked, trusted = auto.may_run(auto.Options()), auto.may_run(auto.Options(check=False))
    assert {len(fits) for fits in trusted} == {1}
    assert sorted(len(fits) for fits in checked) == [1, 2, 2, 2]  # `full` needs no check by itself
    assert {fits[-1] for fits in checked} == {full.Options()}


def test_auto_without_enough_groups_says_so(data: TrainingData, session: Session) -> None:
    one = dataclasses.replace(data.train, groups=np.array(["lot"] * 160, dtype=object))
    lumped = dataclasses.replace(data, train=one)
    options = choice(methods={"linear_probe": {"strength": 0.25}})
    decision = auto.decide(lumped, random_network(), options, session)
    assert (decision.cell, decision.similarity, decision.profile) == ("unclear", None, ())
    assert decision.method == "linear_probe"
    assert any("fewer than two groups" in remark for remark in decision.remarks)


@pytest.mark.parametrize(
    ("thresholds", "cell", "rule"),
    [
        (similarity.Thresholds(few_groups=10, few_a_class=5), "many_dissimilar", "from_scratch"),
        (similarity.Thresholds(), "few_dissimilar", "low_layers"),
    ],
)
def test_what_the_rule_names_is_checked_against_full(
    plain: TrainingData, session: Session, thresholds: similarity.Thresholds, cell: str, rule: str
) -> None:
    built = forgetful_network()
    short = {"epochs": 2, "batch": 16}
    options = choice(
        thresholds=dataclasses.asdict(thresholds), methods={"full": short, rule: short}
    )
    fitted = auto.fit(plain, built, options, session)
    decision = fitted.decision
    assert decision is not None
    assert decision.cell == cell
    assert decision.method in {"full", rule}
    assert bool(decision.layer) == (decision.method == "low_layers")
    assert ("tuned instead" in decision.reason) == (decision.method == "full")
    assert any("the lower was kept" in remark for remark in decision.remarks)
    # What is in the network is what was kept.
    losses = [float(text) for text in decision.remarks[-1].split() if text.startswith("0.")]
    kept = auto._loss(plain, built, fitted, session)
    assert kept == pytest.approx(min(losses), abs=1e-3)


def test_low_layers_end_where_the_settings_say(plain: TrainingData, session: Session) -> None:
    options = low_layers.Options(layer="out3", epochs=1)
    fitted = low_layers.fit(plain, forgetful_network(), options, session)
    short = fitted.network
    assert short is not None
    assert fitted.cut == "out2"
    assert short.pools == ("mean_out1", "mean_out2", "mean_out3")
    pixels = FlippedPixels(plain.validation.pixels)
    assert score(predict(short.model, [pixels], rows=60), plain.validation).accuracy > 0.8


def test_low_layers_up_to_the_first_cut_are_a_probe(data: TrainingData, session: Session) -> None:
    fitted = low_layers.fit(data, random_network(), low_layers.Options(layer="out1"), session)
    assert fitted.cut == "embedding"
    assert fitted.trainable_parameters == 12 * 2 + 2


def test_an_unknown_layer_lists_the_known_ones(data: TrainingData, session: Session) -> None:
    with pytest.raises(ConfigError, match="out1, out2, out3"):
        low_layers.fit(data, random_network(), low_layers.Options(layer="out4"), session)
