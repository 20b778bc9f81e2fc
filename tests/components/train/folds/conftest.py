from collections.abc import Iterator

import pytest
from tiny_network import tiny_network

from components.networks import network
from components.networks.network import Network
from components.train.config import TrainConfig


@pytest.fixture(autouse=True, scope="module")
def tiny_backbone() -> Iterator[None]:
    """Have `train` build a tiny network, whatever the backbone's name."""

    def build(settings: TrainConfig, *, image_size_px: int, classes: int) -> Network:
        return tiny_network(image_size_px, classes=classes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "build", build)
        yield
