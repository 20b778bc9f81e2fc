import numpy as np
import pytest

from components.common.pictures.grey import laplacian, to_grey


def test_the_laplacian_is_the_textbook_one() -> None:
    ramp = np.tile(np.arange(10, dtype=np.float32), (10, 1))
    assert not laplacian(ramp).any()
    point = np.zeros((5, 5), dtype=np.float32)
    point[2, 2] = 1.0
    assert laplacian(point).tolist() == [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    assert laplacian(np.ones((2, 9), dtype=np.float32)).tolist() == [[0]]


def test_grey_levels_of_greyscale_stay_and_of_colour_are_weighed() -> None:
    grey = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    assert to_grey(grey).tolist() == grey[..., 0].tolist()
    pure = np.eye(3, dtype=np.uint8)[None] * 100
    assert to_grey(pure)[0] == pytest.approx([29.9, 58.7, 11.4])
    assert to_grey(np.full((2, 2, 3), 200, dtype=np.uint8)) == pytest.approx(200.0)
