import dataclasses
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from components.common.artifacts.shards import Shards
from components.networks import data, network
from components.networks.config import EMBEDDING
from components.networks.data import Split
from components.networks.features import cache as activations
from components.networks.features.cache import ActivationCache, Want
from components.networks.network import Network
from components.networks.rows import network_pixels
from components.train.config import TrainConfig

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


def part_of(split: Split, pictures: slice) -> Split:
    """Some pictures, in their first view."""
    first = split.pixels[: split.pictures]
    return dataclasses.replace(split, pixels=first[pictures], content_sha256="")


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each pass through the network has computed since."""
    counts: list[int] = []
    compute = ActivationCache._compute

    def counting(self: ActivationCache, *args: Any) -> None:
        counts.append(len(args[-1]))
        compute(self, *args)

    monkeypatch.setattr(ActivationCache, "_compute", counting)
    return counts


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


def test_a_part_is_folded_once_for_as_long_as_its_weights(
    split: Split, cache: ActivationCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = TrainConfig(backbone="mobilenet_v2/0.35", weights="none")
    changing = network.build(settings, image_size_px=32, classes=2)
    folded: list[Any] = []
    fold = activations.fold_batch_norm

    def counting(part: Any, **settings: Any) -> Any:
        folded.append(part)
        return fold(part, **settings)

    monkeypatch.setattr(activations, "fold_batch_norm", counting)
    first = np.array(cut_activations(cache, changing, part_of(split, slice(5))))
    cut_activations(cache, changing, part_of(split, slice(5, 8)))
    assert len(folded) == 1
    stem = changing.model.get_layer("Conv1")
    stem.set_weights([2.0 * kernel for kernel in stem.get_weights()])
    other = cut_activations(cache, changing, part_of(split, slice(5)))
    assert len(folded) == 2
    # Fresh weights and statistics: nothing on the way is cut off.
    assert np.abs(other).max() == pytest.approx(2.0 * np.abs(first).max(), rel=0.01)


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
    cache.get(built, Want(dataclasses.replace(split, pixels=split.pixels[::-1]), (CUT,)))
    keras.utils.set_random_seed(1)
    settings = TrainConfig(backbone="mobilenet_v2/0.35", weights="none")
    cache.get(network.build(settings, image_size_px=32, classes=2), Want(split, (CUT,)))
    assert len(entries(cache)) == 5


def test_a_damaged_entry_is_made_again(
    built: Network, split: Split, cache: ActivationCache
) -> None:
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
    built: Network, split: Split, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tight = ActivationCache(tmp_path / "cache", limit_bytes=1)
    assert len(cut_activations(tight, built, split)) == len(split.pixels)
    assert "in use at once, more than train.cache_gb" in caplog.text


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


def test_rows_that_are_there_are_not_computed_again(
    built: Network, split: Split, cache: ActivationCache, computed: list[int]
) -> None:
    before, after = part_of(split, slice(0, 14)), part_of(split, slice(4, 20))
    old = np.array(cut_activations(cache, built, before))
    new = cut_activations(cache, built, after)
    assert computed == [14, 6]
    np.testing.assert_array_equal(new[:10], old[4:])
    alone = ActivationCache(cache.root.with_name("alone"), limit_bytes=10**9)
    np.testing.assert_allclose(new, cut_activations(alone, built, after), rtol=2e-3, atol=2e-3)


def test_rows_come_from_several_entries_and_in_any_order(
    built: Network, split: Split, cache: ActivationCache, computed: list[int]
) -> None:
    whole = part_of(split, slice(None))
    halves = [part_of(split, slice(0, 12)), part_of(split, slice(12, 24))]
    kept = np.concatenate([cut_activations(cache, built, half) for half in halves])
    order = np.random.default_rng(0).permutation(24)
    shuffled = dataclasses.replace(whole, pixels=whole.pixels[order])
    np.testing.assert_array_equal(cut_activations(cache, built, shuffled), kept[order])
    assert computed == [12, 12]


def test_a_picture_that_comes_twice_gets_its_values_twice(
    built: Network, split: Split, cache: ActivationCache, computed: list[int]
) -> None:
    once = part_of(split, slice(0, 3))
    cut_activations(cache, built, once)
    twice = dataclasses.replace(once, pixels=np.concatenate([once.pixels, once.pixels]))
    found = cut_activations(cache, built, twice)
    assert computed == [3]
    np.testing.assert_array_equal(found[:3], found[3:])


def test_layers_that_lack_different_rows_are_filled_in_one_pass(
    built: Network, split: Split, cache: ActivationCache, computed: list[int]
) -> None:
    cache.get(built, Want(part_of(split, slice(0, 8)), (CUT,)))
    cache.get(built, Want(part_of(split, slice(4, 12)), ("block_2_add",)))
    wanted = part_of(split, slice(0, 12))
    found = cache.get(built, Want(wanted, (CUT, "block_2_add")))
    assert computed == [8, 8, 8]
    alone = ActivationCache(cache.root.with_name("alone"), limit_bytes=10**9)
    for values, fresh in zip(
        found, alone.get(built, Want(wanted, (CUT, "block_2_add"))), strict=True
    ):
        np.testing.assert_allclose(values, fresh, rtol=2e-3, atol=2e-3)


def test_nothing_missing_means_that_the_layers_before_are_not_asked_for(
    built: Network, split: Split, cache: ActivationCache, computed: list[int]
) -> None:
    whole = part_of(split, slice(None))
    starts = built.boundary(CUT)
    cache.get(built, Want(whole, (EMBEDDING,), starts=starts))
    files = len(entries(cache))
    part = part_of(split, slice(0, 5))
    cache.get(built, Want(part, (EMBEDDING,), starts=starts))
    assert len(entries(cache)) == files + 1
    assert computed == [24, 24]


def test_the_rows_of_another_network_are_not_taken(
    built: Network, split: Split, cache: ActivationCache, computed: list[int]
) -> None:
    cut_activations(cache, built, split)
    part = part_of(split, slice(0, 4))
    cache.get(built, Want(part, (CUT,), (True, False)))
    dataclasses.replace(cache, precision="bfloat16").get(built, Want(part, (CUT,)))
    assert computed == [48, 4, 4]


def test_a_layer_that_works_otherwise_is_another_network(
    split: Split, cache: ActivationCache, computed: list[int]
) -> None:
    def small(activation: str) -> Network:
        keras.utils.set_random_seed(0)
        pixels = keras.Input((32, 32, 3), name="pixels")
        x = keras.layers.Conv2D(2, 3, activation=activation, name="conv")(pixels)
        return network.assemble(
            network.Backbone(keras.Model(pixels, x), ("conv",), "conv", ("conv",)), classes=2
        )

    want = Want(part_of(split, slice(0, 4)), ("conv",))
    for activation in ("relu", "tanh", "relu"):
        cache.get(small(activation), want)
    assert computed == [4, 4]


def test_a_float32_entry_borrows_no_rounded_rows(
    built: Network,
    split: Split,
    cache: ActivationCache,
    computed: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut_activations(cache, built, part_of(split, slice(0, 8)))
    monkeypatch.setattr(activations, "_FLOAT16_MAX", 1e-6)
    found = cut_activations(cache, built, part_of(split, slice(0, 12)))
    assert found.dtype == np.float32
    assert computed == [8, 12]
    cut_activations(cache, built, part_of(split, slice(0, 10)))
    assert computed == [8, 12]


def test_a_damaged_relative_lends_nothing(
    built: Network, split: Split, cache: ActivationCache, caplog: pytest.LogCaptureFixture
) -> None:
    cut_activations(cache, built, part_of(split, slice(0, 8)))
    (path,) = entries(cache)
    os.truncate(path, path.stat().st_size - 3)
    with caplog.at_level(logging.INFO):
        cut_activations(cache, built, part_of(split, slice(0, 12)))
    assert not path.exists()
    assert f"{path.name} dropped, damaged" in caplog.text


def test_entries_of_another_version_are_dropped(
    built: Network, split: Split, cache: ActivationCache, caplog: pytest.LogCaptureFixture
) -> None:
    cache.root.mkdir(parents=True)
    foreign = cache.root / "0123456789abcdef.npy"
    np.save(foreign, np.zeros(3))
    with caplog.at_level(logging.INFO):
        cut_activations(cache, built, split)
    assert not foreign.exists()
    assert "0123456789abcdef.npy dropped, written by another version" in caplog.text


def test_an_entry_that_lent_rows_counts_as_used(
    built: Network, split: Split, cache: ActivationCache
) -> None:
    cut_activations(cache, built, part_of(split, slice(0, 8)))
    (lender,) = entries(cache)
    os.utime(lender, (1, 1))
    cut_activations(cache, built, part_of(split, slice(0, 12)))
    assert lender.stat().st_mtime > 1


def fill(root: Path, *, pictures: int, die_in_chunk: int = 0) -> subprocess.Popen[bytes]:
    """Start a process that fills the cache, and kills itself in the middle if asked to."""
    script = Path(__file__).parents[3] / "support" / "fill_activations.py"
    command = [sys.executable, str(script), str(root), str(pictures), str(die_in_chunk)]
    return subprocess.Popen(command)


def test_a_kill_in_the_middle_leaves_nothing_behind_that_is_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "cache"
    assert fill(root, pictures=48, die_in_chunk=2).wait(timeout=200) == -signal.SIGKILL
    (left,) = root.iterdir()
    assert left.name.startswith(".partial-")
    both = [fill(root, pictures=48), fill(root, pictures=40)]
    assert [process.wait(timeout=200) for process in both] == [0, 0]
    files = [path for path in root.iterdir() if path != left]
    assert len(files) == 2
    values = sorted((np.load(path) for path in files), key=len)
    assert [len(array) for array in values] == [40, 48]
    np.testing.assert_allclose(values[0], values[1][:40], rtol=2e-3, atol=2e-3)


def test_out_of_memory_halves_the_batch_and_goes_on_from_where_it_was(
    cache: ActivationCache,
    built: Network,
    split: Split,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked: list[int] = []
    answers = activations.answers

    def small_card(part: Any, inputs: list[np.ndarray]) -> list[np.ndarray]:
        asked.append(len(inputs[0]))
        # The first pictures fit; what others left on the card then leaves less room.
        if len(asked) > 1 and len(inputs[0]) > 10:
            raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate")
        return answers(part, inputs)

    monkeypatch.setattr(activations, "answers", small_card)
    halved = cut_activations(cache, built, split)
    # 48 rows: 32, then the other 16 in vain, twice, then 8 and 8 from there on.
    assert asked == [32, 32, 16, 8, 8]
    assert "halved to 16" in caplog.text and "halved to 8" in caplog.text
    monkeypatch.setattr(activations, "answers", answers)
    whole = cut_activations(ActivationCache(tmp_path / "other", limit_bytes=10**9), built, split)
    # Another batch may round the last bit of a float16 otherwise.
    np.testing.assert_allclose(halved, whole, rtol=2e-3, atol=1e-4)
