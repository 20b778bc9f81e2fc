"""One network for both sides, as it is saved and loaded."""

from pathlib import Path

import keras
import numpy as np
import pytest
from tiny_network import tiny_network

from components.networks.data import Split
from components.networks.probe.probe import Probe
from components.train.domains.arms import DomainAnswers, Sides
from components.train.domains.served import served, tell_apart

# On JAX, reading any Keras variable; Keras and NumPy 2 disagree about a keyword.
KERAS_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(KERAS_NOISE)]


def pictures(count: int, *, level: float, seed: int, name: str) -> Split:
    noise = np.random.default_rng(seed).normal(level, 25, (count, 8, 8, 1))
    return Split(
        pixels=noise.clip(0, 255).astype(np.uint8),
        targets=np.zeros((count, 2), np.float32),
        labels=np.zeros(count, np.int64),
        weights=np.ones(count, np.float32),
        groups=np.array([f"{name}{row // 2}" for row in range(count)]),
        paths=tuple(f"{name}{row}" for row in range(count)),
        content_sha256=name,
    )


def test_it_answers_as_the_arm_does_about_either_side_and_survives_saving(tmp_path: Path) -> None:
    network = tiny_network()
    own = pictures(24, level=60, seed=0, name="dark")
    others = pictures(20, level=190, seed=1, name="bright")
    embed = network.between(("pixels",), ("embedding",))
    colours = [np.repeat(side.pixels, 3, axis=3).astype(np.float32) for side in (own, others)]
    features = [np.asarray(embed.predict(each, verbose=0)) for each in colours]
    sides = Sides(features[0], own, features[1])
    rng = np.random.default_rng(2)
    wide = features[0].shape[1]
    heads = [
        Probe(rng.normal(0, 1, (wide, 2)).astype(np.float32), np.zeros(2, np.float32), 1.0)
        for _ in range(2)
    ]
    side, right = tell_apart(sides, others, seed=0)
    assert right == 1.0
    both = served(network, DomainAnswers("mmd", *heads), side)
    both.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    assert loaded.get_layer("embedding").output.shape == (None, wide)
    assert loaded.layers[-1].name == "logits"
    for pixels, seen, head in zip(colours, features, heads, strict=True):
        expected = head.logits(seen)
        shares = both.between(("pixels",), ("side",)).predict(pixels, verbose=0)
        doubt = float(np.abs(shares - np.round(shares)).max())
        assert doubt < 0.2
        apart = np.abs(heads[0].logits(seen) - heads[1].logits(seen)).max()
        said = loaded.predict(pixels, verbose=0)
        np.testing.assert_allclose(said, expected, atol=doubt * apart + 1e-4)
        np.testing.assert_allclose(both.model.predict(pixels, verbose=0), said, atol=1e-5)
