import numpy as np
from PIL import Image
from scipy.fft import dctn

from components.common.pictures.perceptual_hash import perceptual_hash


def picture(seed: int, side: int = 96) -> np.ndarray:
    """Smooth, and without symmetry."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((side, side)))[..., None]


def apart(one: np.uint64, other: np.uint64) -> int:
    return int(np.bitwise_count(one ^ other))


def test_bits_are_the_signs_of_the_lowest_frequencies() -> None:
    pixels = picture(0, side=32)
    low = dctn(pixels[..., 0].astype(float), norm="ortho")[:8, :8]
    bits = f"{int(perceptual_hash(pixels)):064b}"
    sure = [place for place in range(1, 64) if abs(low.flat[place]) > 1.0]
    assert len(sure) > 55
    assert [bits[place] == "1" for place in sure] == [low.flat[place] > 0 for place in sure]
    assert bits[0] == "0"


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
