"""Pictures of parts that look alike: shading and bars that all share, and a grain of their own."""

import numpy as np
from PIL import Image

from components.common.pictures.decode import Pixels

SIDE_PX = 150


def part(seed: int, *, side_px: int = SIDE_PX) -> Pixels:
    """Return uint8 [side_px, side_px, 1]."""
    rng = np.random.default_rng(seed)
    blots = Image.fromarray(rng.normal(0, 12, (24, 24)).astype(np.float32))
    rows = np.linspace(0, 1, side_px)[:, None]
    bars = np.abs((rows * 4) % 1 - 0.5) < 0.03
    shared = 120 + 40 * np.sin(3 * rows) + 20 * rows.T - 60 * bars
    grain = np.asarray(blots.resize((side_px, side_px))) + rng.normal(0, 2, shared.shape)
    return np.clip(shared + grain, 0, 255).astype(np.uint8)[..., None]
