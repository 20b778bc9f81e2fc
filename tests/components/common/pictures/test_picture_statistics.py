import numpy as np
import pytest

from components.common.pictures.decode import Pixels
from components.common.pictures.grey import laplacian
from components.common.pictures.statistics import STATISTICS, measure


@pytest.mark.parametrize("shape", [(64, 64, 1), (37, 90, 1), (1, 1, 1), (50, 40, 3)])
def test_quantiles_are_those_of_numpy(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(sum(shape))
    pixels: Pixels = rng.binomial(255, 0.4, shape).astype(np.uint8)
    found = dict(zip(STATISTICS, measure(pixels), strict=True))
    weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
    grey = pixels[..., 0].astype(np.float32) if shape[2] == 1 else pixels @ weights
    assert found["dark"] == pytest.approx(np.quantile(grey, 0.05), abs=1e-4)
    assert found["bright"] == pytest.approx(np.quantile(grey, 0.95), abs=1e-4)
    assert found["grain"] == pytest.approx(np.median(np.abs(laplacian(grey))), abs=1e-3)
