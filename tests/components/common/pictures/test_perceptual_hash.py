import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn

from components.common.pictures.perceptual_hash import orientations, perceptual_hash


def picture(seed: int, side: int = 96) -> np.ndarray:
    """Smooth, and without symmetry."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((side, side)))[..., None]


def apart(one: np.uint64, other: np.uint64) -> int:
    return int(np.bitwise_count(one ^ other))


def turned(pixels: np.ndarray) -> list[np.ndarray]:
    transposed = pixels.swapaxes(0, 1)
    return [
        view[:: -1 if up else 1, :: -1 if left else 1]
        for view in (pixels, transposed)
        for up, left in ((0, 0), (0, 1), (1, 0), (1, 1))
    ]


def test_bits_are_the_signs_of_the_lowest_frequencies() -> None:
    pixels = picture(0, side=32)
    low = dctn(pixels[..., 0].astype(float), norm="ortho")[:8, :8]
    bits = f"{int(perceptual_hash(pixels)):064b}"
    sure = [place for place in range(1, 64) if abs(low.flat[place]) > 1.0]
    assert len(sure) > 55
    assert [bits[place] == "1" for place in sure] == [low.flat[place] > 0 for place in sure]
    assert bits[0] == "0"


@pytest.mark.parametrize("seed", range(5))
def test_all_eight_orientations_follow_from_the_hash(seed: int) -> None:
    pixels = picture(seed)
    expected = [perceptual_hash(np.ascontiguousarray(view)) for view in turned(pixels)]
    found = orientations(perceptual_hash(pixels))
    assert found.shape == (8,)
    assert max(apart(one, other) for one, other in zip(expected, found, strict=True)) <= 2


def test_orientations_of_a_column_of_hashes() -> None:
    hashes = np.array([perceptual_hash(picture(seed)) for seed in range(3)])
    assert np.array_equal(orientations(hashes), np.stack([orientations(one) for one in hashes]))


def test_near_copies_are_near_and_others_far() -> None:
    hashes = [perceptual_hash(picture(seed)) for seed in range(20)]
    copies = []
    for seed in range(20):
        image = Image.fromarray(picture(seed)[..., 0]).resize((88, 88)).point(lambda v: v * 0.9)
        copies.append(perceptual_hash(np.asarray(image)[..., None]))
    assert max(map(apart, hashes, copies)) <= 6
    others = [apart(hashes[a], hashes[b]) for a in range(20) for b in range(a)]
    assert min(others) >= 12


def test_flat_pictures_share_one_hash_and_colour_is_taken_by_its_brightness() -> None:
    assert perceptual_hash(np.full((40, 50, 3), 77, dtype=np.uint8)) == 0
    grey = picture(1)
    assert perceptual_hash(np.repeat(grey, 3, axis=-1)) == perceptual_hash(grey)
