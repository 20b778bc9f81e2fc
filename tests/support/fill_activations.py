"""Fill an activation cache in a process of its own: ROOT PICTURES DIE_IN_CHUNK (0 = never)."""

import os
import signal
import sys
from pathlib import Path

import keras
import numpy as np

from components.networks.data import Split
from components.networks.features import cache as activations
from components.networks.features.cache import ActivationCache, Want
from components.networks.network import Backbone, assemble


def main() -> None:
    root, pictures, die_in_chunk = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    keras.utils.set_random_seed(0)
    start = keras.Input((16, 16, 3), name="pixels")
    x = keras.layers.Conv2D(4, 3, name="conv")(start)
    network = assemble(Backbone(keras.Model(start, x), ("conv",), "conv", ("conv",)), classes=2)
    pixels = np.random.default_rng(0).integers(0, 256, (48, 16, 16, 1)).astype(np.uint8)
    labels = np.arange(pictures) % 2
    split = Split(
        pixels=pixels[:pictures],
        targets=np.eye(2, dtype=np.float32)[labels],
        labels=labels,
        weights=np.ones(pictures, np.float32),
        groups=labels.astype(str),
        paths=(),
        content_sha256="",
    )
    answers, chunks = activations.answers, []

    def counted(*args: object) -> object:
        chunks.append(1)
        if len(chunks) == die_in_chunk:
            os.kill(os.getpid(), signal.SIGKILL)
        return answers(*args)

    activations.answers = counted
    ActivationCache(root, 10**9).get(network, Want(split, ("conv",)))


if __name__ == "__main__":
    main()
