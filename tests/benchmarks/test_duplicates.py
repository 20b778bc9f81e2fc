"""The rival of `validate` in the benchmark of copies: hashes of turned pictures."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.duplicates import orientations
from components.common.pictures.perceptual_hash import perceptual_hash

pytestmark = pytest.mark.slow


def picture(seed: int) -> np.ndarray:
    """Smooth, and without symmetry."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((96, 96)))[..., None]


def turned(pixels: np.ndarray) -> list[np.ndarray]:
    return [
        np.ascontiguousarray(view[:: -1 if up else 1, :: -1 if left else 1])
        for view in (pixels, pixels.swapaxes(0, 1))
        for up, left in ((0, 0), (0, 1), (1, 0), (1, 1))
    ]


def test_all_eight_orientations_follow_from_the_hash() -> None:
    pictures = [picture(seed) for seed in range(5)]
    found = orientations(np.array([perceptual_hash(one) for one in pictures]))
    expected = np.array([[perceptual_hash(view) for view in turned(one)] for one in pictures])
    assert np.array_equal(found[:, 0], expected[:, 0])
    assert np.bitwise_count(found ^ expected).max() <= 2
