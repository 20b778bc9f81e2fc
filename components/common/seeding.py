"""One seed in, independent and reproducible streams out."""

import hashlib

import numpy as np


def derive(seed: int, *purpose: str) -> int:
    """Return a 32-bit seed for one purpose, so that adding a consumer never shifts another's."""
    text = "/".join([str(seed), *purpose])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def generator(seed: int, *purpose: str) -> np.random.Generator:
    """Return a NumPy generator for one purpose."""
    return np.random.default_rng(derive(seed, *purpose))
