"""Views made for each epoch beside a few that are stored: training from scratch on few digits.

    python -m benchmarks.fresh_views [--seeds 3] [--epochs 30] [--pictures 200]

MNIST digits at 32 px (see `benchmarks.digits`), mobilenet_v2/0.35 from random weights, shifts and
light without mirrors. All arms have the same start, order of pictures, steps and policy. Judged on
1,000 other digits, which choose nothing.
"""

import argparse
import dataclasses
import tempfile
import time
from pathlib import Path

import keras
import numpy as np

from benchmarks.digit_arrays import digit_arrays, interval, split_of
from components.common.augmentation.composition import Composition, PolicyItem
from components.common.pictures.decode import resize
from components.networks import network
from components.networks.config import NetworkConfig
from components.networks.data import FlippedPixels, Split, TrainingData, none_of
from components.networks.features.cache import ActivationCache
from components.train.methods import from_scratch
from components.train.session import Session, predict

_SIZE_PX = 32
_STORED = 4
_TEST = 1000
_POLICY = PolicyItem(
    name="flips_shifts_light", options={"left_right": False, "up_down": False, "shift": 0.1}
)


def accuracy(train: Split, test: Split, *, seed: int, epochs: int, cutmix: float = 0.0) -> float:
    """Return the test accuracy of a network that is trained from random weights."""
    keras.utils.set_random_seed(seed)
    built = network.build(
        NetworkConfig(backbone="mobilenet_v2/0.35", weights="none"),
        image_size_px=_SIZE_PX,
        classes=10,
    )
    data = TrainingData(train, none_of(train), tuple("0123456789"), none_of(train))
    options = from_scratch.Options(epochs=epochs, batch=32, cutmix=cutmix)
    with tempfile.TemporaryDirectory() as folder:
        session = Session(seed=seed, flips=1, cache=ActivationCache(Path(folder), 10**8))
        from_scratch.fit(data, built, options, session)
    logits = predict(built.model, [FlippedPixels(test.pixels)], rows=test.pictures)
    return float((logits.argmax(axis=1) == test.labels).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("seeds", 3), ("epochs", 30), ("pictures", 200)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    pixels, labels = digit_arrays()
    found: dict[str, list[float]] = {"stored": [], "fresh": [], "fresh, CutMix": []}
    seconds = dict.fromkeys(found, 0.0)
    for seed in range(given.seeds):
        order = np.random.default_rng(seed).permutation(len(labels))[: given.pictures + _TEST]
        known, asked = np.split(order, [given.pictures])
        plain = np.stack([resize(one, _SIZE_PX) for one in pixels[known]])
        composition = Composition.of([_POLICY], seed=seed)
        pairs = list(zip(known, plain, strict=True))
        views = [
            [composition.view(one, sha256=str(at), number=number) for at, one in pairs]
            for number in range(1, _STORED)
        ]
        stored = split_of(plain, labels[known])
        stored = dataclasses.replace(stored, pixels=np.concatenate([plain, *map(np.stack, views)]))
        fresh = dataclasses.replace(stored, sha256=tuple(map(str, known)), views_by=composition)
        test = split_of(np.stack([resize(one, _SIZE_PX) for one in pixels[asked]]), labels[asked])
        for name, train in zip(found, (stored, fresh, fresh), strict=True):
            begun = time.perf_counter()
            cutmix = 1.0 if "CutMix" in name else 0.0
            found[name].append(accuracy(train, test, seed=seed, epochs=given.epochs, cutmix=cutmix))
            seconds[name] += (time.perf_counter() - begun) / given.seeds
            print(f"seed {seed} {name}: {found[name][-1]:.3f}", flush=True)
    print("| views | test accuracy, % | s |")
    for name, values in found.items():
        mean, low, high = interval(np.array(values))
        print(f"| {name} | {mean:.1f} ({low:.1f} to {high:.1f}) | {seconds[name]:.0f} |")
    for name in list(found)[1:]:
        mean, low, high = interval(np.array(found[name]) - np.array(found["stored"]))
        print(f"{name} minus stored: {mean:+.1f} points ({low:+.1f} to {high:+.1f})")


if __name__ == "__main__":
    main()
