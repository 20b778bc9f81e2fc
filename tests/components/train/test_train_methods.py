"""What tells the methods apart; what they share is tested by the contract."""

import dataclasses
import functools
from typing import Any

import numpy as np
import pytest
from tiny_network import tiny_network

from components.common import plugins
from components.common.errors import ConfigError
from components.networks.config import INPUT
from components.networks.data import Split, TrainingData, none_of
from components.networks.features.cache import ActivationCache
from components.networks.network import Network
from components.train.config import METHODS
from components.train.loop import attempts
from components.train.session import Fitted, Session, predict

pytestmark = pytest.mark.slow

BLOCKS = ("conv1", "conv2", "conv3")
QUICK = {"epochs": 2, "batch": 8, "learning_rate": 1e-3, "strength": 1e-3}


def split(name: str, count: int) -> Split:
    rng = np.random.default_rng(len(name))
    labels = np.arange(count) % 2
    noise = rng.normal(0, 30, (count, 8, 8, 1))
    return Split(
        pixels=(70 + 110 * labels[:, None, None, None] + noise).clip(0, 255).astype(np.uint8),
        targets=np.eye(2, dtype=np.float32)[labels],
        labels=labels,
        weights=np.ones(count, np.float32),
        groups=np.arange(count).astype(str),
        paths=tuple(f"{name}{row}" for row in range(count)),
        content_sha256=name,
    )


TRAIN = split("train", 24)
DATA = TrainingData(TRAIN, split("validation", 8), ("dark", "bright"), none_of(TRAIN))


@dataclasses.dataclass(frozen=True)
class Outcome:
    network: Network
    fitted: Fitted
    moved: dict[str, float]  # by layer, how far its kernel is from where it started


@pytest.fixture(scope="module")
def fit(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Fits by a method; the same way twice is fitted once."""
    root = tmp_path_factory.mktemp("cache")

    @functools.cache
    def run(name: str, **options: Any) -> Outcome:
        method = plugins.load(METHODS, name)
        built = tiny_network()
        before = {layer: built.model.get_layer(layer).get_weights()[0] for layer in BLOCKS}
        known = {field.name for field in dataclasses.fields(method.Options)}
        chosen = {key: value for key, value in QUICK.items() if key in known} | options
        session = Session(seed=0, flips=1, cache=ActivationCache(root, 10**8))
        fitted = method.fit(DATA, built, method.Options(**chosen), session)
        after = {layer: built.model.get_layer(layer).get_weights()[0] for layer in BLOCKS}
        moved = {layer: float(np.abs(after[layer] - before[layer]).mean()) for layer in BLOCKS}
        return Outcome(built, fitted, moved)

    return run


def touched(outcome: Outcome) -> list[str]:
    return [layer for layer, distance in outcome.moved.items() if distance > 0]


def test_full_trains_every_layer(fit: Any) -> None:
    outcome = fit("full")
    assert touched(outcome) == ["conv1", "conv2", "conv3"]
    assert outcome.fitted.trainable_parameters == outcome.network.model.count_params()


def test_top_layers_trains_the_last_n_and_freezes_as_much_as_it_can(fit: Any) -> None:
    one = fit("top_layers", layers=1)
    assert (touched(one), one.fitted.cut) == (["conv3"], "conv2")
    two = fit("top_layers", layers=2)
    assert (touched(two), two.fitted.cut) == (["conv2", "conv3"], "conv1")
    assert fit("top_layers", layers=3).fitted.cut == INPUT
    with pytest.raises(ConfigError, match="at most 3 layers"):
        fit("top_layers", layers=4)


def test_surgical_trains_the_first_blocks_and_leaves_the_head_as_solved(fit: Any) -> None:
    outcome = fit("surgical")
    assert touched(outcome) == ["conv1"]
    solved = fit("linear_probe").network.head.get_weights()
    for after, before in zip(outcome.network.head.get_weights(), solved, strict=True):
        np.testing.assert_allclose(after, before, atol=1e-6)
    assert touched(fit("surgical", blocks=2)) == ["conv1", "conv2"]
    with pytest.raises(ConfigError, match="at most 2 blocks"):
        fit("surgical", blocks=3)


def test_discriminative_rates_fall_from_block_to_block(fit: Any) -> None:
    alike = fit("discriminative", decay=1.0).moved
    layered = fit("discriminative", decay=0.1).moved
    assert layered["conv3"] > 0.5 * alike["conv3"]
    assert layered["conv2"] == pytest.approx(0.1 * alike["conv2"], rel=0.5)
    assert layered["conv1"] == pytest.approx(0.01 * alike["conv1"], rel=0.5)
    assert touched(fit("discriminative", cut="conv1")) == ["conv2", "conv3"]


def test_l2_sp_stays_near_where_it_started(fit: Any) -> None:
    free = fit("l2_sp", alpha=0.0, epochs=6)
    held = fit("l2_sp", alpha=100.0, epochs=6)
    assert all(held.moved[layer] < 0.7 * free.moved[layer] for layer in BLOCKS)


def test_gradual_unfreezing_opens_one_block_more_each_stage(fit: Any) -> None:
    outcome = fit("gradual_unfreeze", stages=2, epochs=3)
    phases = [row.phase for row in outcome.fitted.curves]
    assert phases == ["probe", "stage 1", "stage 2", "stage 2"]
    assert (touched(outcome), outcome.fitted.cut) == (["conv2", "conv3"], "conv1")
    everything = fit("gradual_unfreeze", stages=9, epochs=3)
    assert (len(touched(everything)), everything.fitted.cut) == (3, INPUT)


def test_gradual_unfreezing_stops_where_a_stage_fails(
    fit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "_fault", lambda *_: "the loss was not finite in epoch 1")
    outcome = fit.__wrapped__("gradual_unfreeze", stages=2, epochs=2)
    assert outcome.fitted.notes[-1] == "the linear probe was kept"
    assert {row.phase for row in outcome.fitted.curves} == {"probe", "stage 1"}
    assert touched(outcome) == []


def test_from_scratch_forgets_and_knows_the_frequencies_at_first(fit: Any) -> None:
    outcome = fit("from_scratch", learning_rate=1e-8, class_weight="none")
    # Not a small step: other weights.
    assert all(distance > 0.05 for distance in outcome.moved.values())
    pixels = DATA.validation.pixels.astype(np.float32).repeat(3, axis=-1)
    logits = predict(outcome.network.model, [pixels], rows=8)
    np.testing.assert_allclose(logits, np.log(0.5), atol=1e-4)
    assert [row.phase for row in outcome.fitted.curves] == ["scratch", "scratch"]


def test_balanced_classes_reach_the_probe(fit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.where(DATA.train.labels == 0, 9.0, 1.0).astype(np.float32)
    skewed = dataclasses.replace(DATA.train, weights=weights / weights.mean())
    monkeypatch.setitem(globals(), "DATA", dataclasses.replace(DATA, train=skewed))
    pixels = DATA.validation.pixels.astype(np.float32).repeat(3, axis=-1)
    margins = {}
    for class_weight in ("none", "balanced"):
        outcome = fit.__wrapped__("top_layers", class_weight=class_weight, strength=3e-4, layers=1)
        logits = predict(outcome.network.model, [pixels], rows=8)
        margins[class_weight] = float((logits[:, 1] - logits[:, 0]).mean())
    assert margins["balanced"] > margins["none"] + 0.1
