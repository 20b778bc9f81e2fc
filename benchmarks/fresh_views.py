"""Views made for each epoch beside a few that are stored: a whole network on few digits.

    python -m benchmarks.fresh_views [--seeds 5] [--epochs 60] [--pictures 200]

MNIST digits at 28 px (see `benchmarks.digits`), three convolutions from random weights, by the loop
that `full` and `from_scratch` train with; shifts and light without mirrors. All arms have the same
start, steps and policy. Judged on 1,000 other digits, which choose nothing.
"""

import argparse
import dataclasses
from typing import Any

import keras
import numpy as np

from benchmarks.digit_arrays import digit_arrays, interval, split_of
from components.common.augmentation.composition import Composition, PolicyItem
from components.networks.data import Split, none_of
from components.networks.rows import FlippedPixels
from components.train.loop.fine_tune import tune
from components.train.loop.inputs import TuningInputs
from components.train.methods.from_scratch import Options
from components.train.session import predict

_STORED = 4
_TEST = 1000
_POLICY = PolicyItem(
    name="flips_shifts_light", options={"left_right": False, "up_down": False, "shift": 0.1}
)


def accuracy(
    train: Split, test: Split, *, seed: int, epochs: int, fresh: bool = False, cutmix: float = 0.0
) -> float:
    """Return the test accuracy of a small network that is trained from random weights."""
    keras.utils.set_random_seed(seed)
    start = keras.Input((28, 28, 3), name="pixels")
    x = keras.layers.Rescaling(1 / 255, name="preprocess")(start)
    for number, width in enumerate((16, 32, 64)):
        x = keras.layers.Conv2D(width, 3, strides=1 if number == 0 else 2, activation="relu")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    tail = keras.Model(start, keras.layers.Dense(10, name="logits")(x))
    empty = none_of(train)
    inputs = TuningInputs(train, (FlippedPixels(train.pixels),), empty, ())
    options = Options(epochs=epochs, learning_rate=3e-3, fresh_views=fresh, cutmix=cutmix)
    tune(tail, inputs, options, seed=seed)
    logits = predict(tail, [FlippedPixels(test.pixels)], rows=test.pictures)
    return float((logits.argmax(axis=1) == test.labels).mean())


def arms(seed: int, *, pictures: int, epochs: int) -> dict[str, float]:
    """Return the accuracy of each arm on one draw of digits."""
    pixels, labels = digit_arrays()
    order = np.random.default_rng(seed).permutation(len(labels))[: pictures + _TEST]
    known, asked = np.split(order, [pictures])
    composition = Composition.of([_POLICY], seed=seed)
    views = [
        composition.view(pixels[at], sha256=str(at), number=number)
        for number in range(1, _STORED)
        for at in known
    ]
    plain = split_of(pixels[known], labels[known])
    stored = dataclasses.replace(
        plain,
        pixels=np.concatenate([pixels[known], np.stack(views)]),
        sha256=tuple(map(str, known)),
        views_by=composition,
    )
    test = split_of(pixels[asked], labels[asked])
    given: dict[str, Any] = {"seed": seed, "epochs": epochs}
    return {
        "no views": accuracy(plain, test, **given),
        f"{_STORED} stored": accuracy(stored, test, **given),
        "fresh": accuracy(stored, test, fresh=True, **given),
        "4 stored, CutMix": accuracy(stored, test, cutmix=1.0, **given),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("first", 0), ("seeds", 5), ("epochs", 60), ("pictures", 200)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    found = []
    for seed in range(given.first, given.first + given.seeds):
        found.append(arms(seed, pictures=given.pictures, epochs=given.epochs))
        print(seed, found[-1], flush=True)
    fixed = np.array([one[f"{_STORED} stored"] for one in found])
    print("| views | test accuracy, % | points above stored |")
    for name in found[0]:
        values = np.array([one[name] for one in found])
        mean, low, high = interval(values - fixed)
        print(f"| {name} | {100 * values.mean():.1f} | {mean:+.1f} ({low:+.1f} to {high:+.1f}) |")


if __name__ == "__main__":
    main()
