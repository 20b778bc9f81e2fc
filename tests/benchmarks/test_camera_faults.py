"""The faults and other products that the benchmarks of causes and harm put on pictures."""

import numpy as np
import pytest

from benchmarks.camera_faults import CAMERA_FAULTS
from benchmarks.stand_ins import STAND_INS
from benchmarks.unseen_faults import UNSEEN
from components.common.pictures.corruptions import SEVERITIES

FAULTS = {**CAMERA_FAULTS, **UNSEEN}
# What draws its own strength for each picture does not rise picture by picture.
UNEVEN = {"flicker", "pixelated"}


def scene(*, height: int = 90, width: int = 120, channels: int = 1) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    grey = 120 + 60 * np.sin(rows / 9.0) * np.cos(columns / 7.0) + 20 * (columns % 40 < 3)
    return np.repeat(grey[..., None], channels, axis=2).astype(np.uint8)


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_keeps_the_shape_and_repeats_and_grows_with_severity(kind: str) -> None:
    picture, fault = scene(channels=3), FAULTS[kind]
    damage = []
    for severity in SEVERITIES:
        seen = [
            fault.on(picture, severity=severity, rng=np.random.default_rng(2)) for _ in range(2)
        ]
        assert seen[0].shape == picture.shape and seen[0].dtype == np.uint8
        assert np.array_equal(*seen)
        damage.append(np.abs(seen[0].astype(float) - picture).mean())
    assert damage[-1] > 0
    if kind not in UNEVEN:
        assert damage == sorted(damage)


@pytest.mark.parametrize("kind", STAND_INS)
def test_a_stand_in_is_another_picture_of_the_same_shape_and_design(kind: str) -> None:
    picture, design = scene(), STAND_INS[kind]
    first, again = (design(picture, np.random.default_rng(0)) for _ in range(2))
    assert np.array_equal(first, again)
    assert first.shape == picture.shape and first.dtype == np.uint8
    assert np.abs(first.astype(float) - picture).mean() > 3


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 9, 1), (8, 3, 1)])
def test_tiny_pictures_survive(shape: tuple[int, int, int]) -> None:
    picture = np.full(shape, 90, dtype=np.uint8)
    for fault in FAULTS.values():
        assert fault.on(picture, severity=5, rng=np.random.default_rng(0)).shape == shape
    for design in STAND_INS.values():
        assert design(picture, np.random.default_rng(0)).shape == shape
