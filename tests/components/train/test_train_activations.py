import dataclasses
import os
import threading
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from components.common.artifacts.shards import Shards
from components.train import activations, data, network
from components.train.activations import ActivationCache, Want
from components.train.config import TrainConfig
from components.train.data import Split, network_pixels
from components.train.network import EMBEDDING, Network

pytestmark = pytest.mark.slow

CUT = "block_5_add"


@pytest.fixture(scope="module")
def built() -> Network:
    keras.utils.set_random_seed(0)
    settings = TrainConfig(backbone="mobilenet_v2/0.35", weights="none")
    whole = network.build(settings, image_size_px=32, classes=2)
    for layer in whole.model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            # Random weights shrink the signal; trained statistics would lift it again.
            gamma, beta, mean, variance = layer.get_weights()
            layer.set_weights([gamma, beta, mean, 0.05 * variance])
    return whole


@pytest.fixture
def split(tiny_shards: Path) -> Split:
    return data.read(Shards.read(tiny_shards), soft_labels=True).train


@pytest.fixture
def cache(tmp_path: Path) -> ActivationCache:
    return ActivationCache(tmp_path / "cache", limit_bytes=10**9)


def cut_activations(cache: ActivationCache, built: Network, split: Split) -> np.ndarray:
    (array,) = cache.get(built, Want(split, (CUT,)))
    return array


def entries(cache: ActivationCache) -> list[Path]:
    return sorted(cache.root.iterdir())


def test_values_are_those_of_the_unfolded_network(
    built: Network, split: Split, cache: ActivationCache
) -> None:
    flip = (True, False)
    (found,) = cache.get(built, Want(split, (CUT,), flip))
    plain = built.between(("pixels",), (CUT,)).predict(
        network_pixels(split.pixels, flip), verbose=0
    )
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, plain, atol=2e-3 * np.abs(plain).max())


def test_a_second_look_computes_nothing(
    built: Network, split: Split, cache: ActivationCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = np.array(cut_activations(cache, built, split))

    def fail(*args: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(ActivationCache, "_compute", fail)
    np.testing.assert_array_equal(cut_activations(cache, built, split), first)


def test_a_later_layer_starts_from_the_cached_one(
    built: Network, split: Split, cache: ActivationCache
) -> None:
    (whole,) = cache.get(built, Want(split, (EMBEDDING,)))
    other = ActivationCache(cache.root.with_name("other"), limit_bytes=10**9)
    (halves,) = other.get(built, Want(split, (EMBEDDING,), starts=built.boundary(CUT)))
    # The halves met in float16, which random layers amplify; a wrong row would differ far more.
    gap = np.abs(halves.astype(np.float32) - whole).mean()
    other_rows = np.abs(np.roll(whole, 1, axis=0).astype(np.float32) - whole).mean()
    assert gap < 0.05 * other_rows
    assert len(entries(other)) == 1 + len(built.boundary(CUT))


def test_other_weights_pixels_flip_or_layer_are_other_entries(
    built: Network, split: Split, cache: ActivationCache
) -> None:
    cut_activations(cache, built, split)
    cache.get(built, Want(split, (CUT,), (True, True)))
    cache.get(built, Want(split, ("block_2_add",)))
    cache.get(built, Want(dataclasses.replace(split, content_sha256="x"), (CUT,)))
    keras.utils.set_random_seed(1)
    settings = TrainConfig(backbone="mobilenet_v2/0.35", weights="none")
    cache.get(network.build(settings, image_size_px=32, classes=2), Want(split, (CUT,)))
    assert len(entries(cache)) == 5


def test_a_damaged_entry_is_made_anew(built: Network, split: Split, cache: ActivationCache) -> None:
    first = np.array(cut_activations(cache, built, split))
    (path,) = entries(cache)
    os.truncate(path, path.stat().st_size // 2)
    np.testing.assert_array_equal(cut_activations(cache, built, split), first)
    path.write_bytes(b"rubbish")
    np.testing.assert_array_equal(cut_activations(cache, built, split), first)


def test_two_writers_at_once_both_get_right_values(
    built: Network, split: Split, cache: ActivationCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    barrier = threading.Barrier(2)
    compute = ActivationCache._compute

    def together(self: ActivationCache, *args: object, **kwargs: object) -> None:
        barrier.wait()
        compute(self, *args, **kwargs)
        barrier.wait()

    monkeypatch.setattr(ActivationCache, "_compute", together)
    results: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: results.append(cut_activations(cache, built, split)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    np.testing.assert_array_equal(results[0], results[1])
    assert [path.name.startswith(".partial") for path in entries(cache)] == [False]


def test_the_least_recently_used_entry_goes_first(
    built: Network, split: Split, tmp_path: Path
) -> None:
    roomy = ActivationCache(tmp_path / "cache", limit_bytes=10**9)
    roomy.get(built, Want(split, (CUT,)))
    (oldest,) = entries(roomy)
    os.utime(oldest, (1, 1))
    roomy.get(built, Want(split, (CUT,), (True, False)))
    recent = next(path for path in entries(roomy) if path != oldest)
    os.utime(recent, (2, 2))
    tight = ActivationCache(tmp_path / "cache", limit_bytes=int(2.5 * oldest.stat().st_size))
    (kept,) = tight.get(built, Want(split, (CUT,), (False, True)))
    assert not oldest.exists()
    assert recent.exists()
    assert np.isfinite(kept).all()


def test_an_entry_larger_than_the_limit_still_serves(
    built: Network, split: Split, tmp_path: Path
) -> None:
    tight = ActivationCache(tmp_path / "cache", limit_bytes=1)
    assert len(cut_activations(tight, built, split)) == len(split.pixels)


def test_leftovers_of_killed_runs_are_swept(
    built: Network, split: Split, cache: ActivationCache
) -> None:
    cache.root.mkdir(parents=True)
    old, young = cache.root / ".partial-old.npy", cache.root / ".partial-young.npy"
    old.touch()
    young.touch()
    long_ago = time.time() - 7 * 3600
    os.utime(old, (long_ago, long_ago))
    cut_activations(cache, built, split)
    assert not old.exists()
    assert young.exists()


def test_values_beyond_float16_are_kept_as_float32(
    built: Network, split: Split, cache: ActivationCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activations, "_FLOAT16_MAX", 1e-6)
    found = cut_activations(cache, built, split)
    assert found.dtype == np.float32
