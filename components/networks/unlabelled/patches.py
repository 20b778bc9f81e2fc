"""Features of small patches, learnt without labels (Coates, Ng and Lee 2011, AISTATS 15:215).

Patches are drawn, whitened (ZCA) and clustered by k-means. How much nearer than on average a patch
is to each centroid is the picture's feature there ("triangle"). With squared distances,

    f_k = max(0, (mean_j |z - c_j|^2 - |z - c_k|^2) / 2),

the patch's own length cancels out. What is left is linear in its pixels, so that whitening and
centroids are one convolution with a ReLU.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.progress import track
from components.common.seeding import generator
from components.common.statistics.whitening import Whitening, learn_whitening
from components.networks.rows import Floats, Rows

_MOST_PICTURES = 2000
_MOST_PATCHES = 40_000
_READ_AT_ONCE = 64
# Of the typical deviation: flatter patches show nothing but the ground.
_FLAT = 0.1
# Of the mean variance, added to all.
_FLOOR = 0.1


@dataclass(frozen=True)
class Filters:
    """One convolution: kernel float32 [p, p, 3, K] for pixels in [0, 255], bias float32 [K]."""

    kernel: Floats
    bias: Floats


@dataclass(frozen=True)
class Patches:
    """Patches [n, p * p * channels] of grey values in [0, 1], and how they are whitened."""

    values: Floats
    whitening: Whitening
    size_px: int
    channels: int

    @property
    def whitened(self) -> Floats:
        """The patches, whitened."""
        return self.whitening.apply(self.values)

    def filters(self, weights: npt.NDArray[np.float64], bias: npt.NDArray[np.float64]) -> Filters:
        """Return weights [K, p * p * channels] and bias [K] for whitened patches as one."""
        unwhitened = self.whitening.axes.astype(np.float64) @ weights.T
        shifted = bias - self.whitening.centre @ unwhitened
        shape = (self.size_px, self.size_px, self.channels, len(weights))
        # The network shows a grey picture as three equal channels.
        seen = np.repeat(unwhitened.reshape(shape), 3 // self.channels, axis=2)
        kernel = seen / (255.0 * (3 // self.channels))
        return Filters(kernel.astype(np.float32), shifted.astype(np.float32))


def draw_patches(pixels: Rows, *, pictures: int, size_px: int, shrink: int, seed: int) -> Patches:
    """Draw patches from the pictures as they are.

    Args:
        pixels: uint8 [rows, S, S, 1 or 3]; the first `pictures` of them are used.
        pictures: how many.
        size_px: side of a patch, after shrinking.
        shrink: blocks of so many pixels a side are averaged first.
        seed: of the drawing.
    """
    random = generator(seed, "patches")
    chosen = np.sort(random.permutation(pictures)[:_MOST_PICTURES])
    each = -(-_MOST_PATCHES // len(chosen))
    drawn = []
    for start in track(range(0, len(chosen), _READ_AT_ONCE), "drawing patches"):
        some = shrunk(pixels[chosen[start : start + _READ_AT_ONCE]], shrink)
        rows, columns = random.integers(0, some.shape[1] - size_px + 1, (2, len(some), each))
        inside = np.arange(size_px)
        picture = np.arange(len(some))[:, None, None, None]
        down = rows[..., None, None] + inside[:, None]
        across = columns[..., None, None] + inside
        drawn.append(some[picture, down, across].reshape(len(some) * each, -1))
    values = np.concatenate(drawn)
    deviation = values.std(axis=1)
    textured = deviation > _FLAT * np.sqrt(np.mean(deviation**2))
    # A set of even pictures has no texture at all.
    values = values[textured] if textured.any() else values
    return Patches(values, learn_whitening(values, floor=_FLOOR), size_px, int(some.shape[-1]))


def shrunk(pixels: npt.NDArray[np.uint8], shrink: int) -> Floats:
    """Return the means of blocks in [0, 1], float32 [N, S // shrink, S // shrink, C]."""
    side = pixels.shape[1] // shrink
    cut = pixels[:, : side * shrink, : side * shrink].astype(np.float32) / 255.0
    blocks = cut.reshape(len(cut), side, shrink, side, shrink, -1)
    means: Floats = blocks.mean(axis=(2, 4))
    return means


def centroid_filters(patches: Patches, *, count: int, seed: int) -> Filters:
    """Return the convolution whose ReLU is the triangle feature of `count` centroids."""
    from sklearn.cluster import KMeans

    whitened = patches.whitened
    few = min(count, len(np.unique(whitened, axis=0)))
    found = KMeans(few, init="random", n_init=1, max_iter=30, random_state=seed).fit(whitened)
    centres = found.cluster_centers_.astype(np.float64)
    lengths = (centres**2).sum(axis=1) / 2
    return patches.filters(centres - centres.mean(axis=0), lengths.mean() - lengths)
