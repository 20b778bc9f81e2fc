import numpy as np
import pytest

from components.networks.unlabelled import patches
from components.networks.unlabelled.autoencoder import autoencoder_filters, loss_and_gradient


def pictures(channels: int = 1) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (30, 12, 12, channels), dtype=np.uint8)


def drawn(pixels: np.ndarray, shrink: int = 1) -> patches.Patches:
    return patches.draw_patches(pixels, pictures=len(pixels), size_px=3, shrink=shrink, seed=0)


def convolved(filters: patches.Filters, pixels: np.ndarray) -> np.ndarray:
    """The filters at the upper left corner of pictures as the network sees them."""
    seen = np.broadcast_to(pixels, (*pixels.shape[:3], 3)).astype(np.float64)
    return np.tensordot(seen[:, :3, :3], filters.kernel, 3) + filters.bias


@pytest.mark.parametrize("channels", [1, 3])
def test_one_convolution_is_whitening_and_the_triangle(channels: int) -> None:
    pixels = pictures(channels)
    some = drawn(pixels)
    filters = patches.centroid_filters(some, count=5, seed=0)

    from sklearn.cluster import KMeans

    fitted = KMeans(5, init="random", n_init=1, max_iter=30, random_state=0).fit(some.whitened)
    centres = fitted.cluster_centers_
    corner = some.whitening.apply(pixels[:, :3, :3].reshape(30, -1) / 255.0)
    squared = ((corner[:, None] - centres[None]) ** 2).sum(axis=2)
    triangle = (squared.mean(axis=1, keepdims=True) - squared) / 2
    np.testing.assert_allclose(convolved(filters, pixels), triangle, atol=1e-3)


def test_blocks_are_averaged_and_a_rest_is_cut_off() -> None:
    pixels = np.arange(25, dtype=np.uint8).reshape(1, 5, 5, 1)
    small = patches.shrunk(pixels, 2)
    assert small.shape == (1, 2, 2, 1)
    np.testing.assert_allclose(small[0, 0, 0, 0] * 255, np.mean([0, 1, 5, 6]), atol=1e-4)


def test_flat_ground_is_left_out() -> None:
    pixels = pictures()
    pixels[:, :, :9] = 7
    values = drawn(pixels).values
    assert values.std(axis=1).min() > 0
    even = drawn(np.full_like(pixels, 7))
    assert np.isfinite(patches.centroid_filters(even, count=4, seed=0).kernel).all()


def test_fewer_different_patches_than_centroids() -> None:
    pixels = np.zeros((2, 3, 3, 1), np.uint8)
    pixels[1, 0, 0] = 255
    assert len(patches.centroid_filters(drawn(pixels), count=50, seed=0).bias) <= 2


def test_the_gradient_of_the_autoencoder() -> None:
    from scipy.optimize import check_grad

    rng = np.random.default_rng(0)
    values = rng.normal(size=(20, 5))
    start = rng.normal(size=2 * 3 * 5 + 3 + 5) * 0.3
    gap = check_grad(
        lambda x: loss_and_gradient(x, values, 3)[0],
        lambda x: loss_and_gradient(x, values, 3)[1],
        start,
    )
    assert gap < 1e-5


def test_the_autoencoder_is_sparse_and_folds_into_a_convolution() -> None:
    pixels = pictures()
    filters = autoencoder_filters(drawn(pixels), count=8, seed=0)
    active = 1 / (1 + np.exp(-convolved(filters, pixels)))
    assert active.shape == (30, 8)
    assert active.mean() < 0.2
