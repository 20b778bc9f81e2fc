"""What pins down the weights that a network is made from; nothing here imports Keras."""

import hashlib
from typing import Any

import numpy as np

from components.common.artifacts.records import file_sha256
from components.networks.config import NetworkConfig, member
from components.networks.weights.files import is_address, local_file, pinned_sha256


def content_sha256(settings: NetworkConfig, weights: str) -> str:
    """Return the digest of what a network is read from besides its settings.

    Args:
        settings: the backbone may be a folder of its own (a preset of KerasHub).
        weights: a word, a path or an address, as in `settings.weights`.

    Raises:
        ConfigError: there is no such backbone.
        WeightsError: see `source_sha256`.
    """
    found = member(settings.backbone)
    of_backbone = getattr(found.module, "content_sha256", lambda _variant: "")(found.variant)
    return " ".join(filter(None, (source_sha256(weights), of_backbone)))


def source_sha256(weights: str) -> str:
    """Return what pins down the weights: a file's SHA-256, else the word itself.

    Raises:
        WeightsError: the file is not there, or an address names no digest.
    """
    if weights in {"imagenet", "none"}:
        return weights
    return pinned_sha256(weights) if is_address(weights) else file_sha256(local_file(weights))


def weights_sha256(model: Any) -> str:
    """Return one SHA-256 over the names and values of all of a Keras model's variables."""
    total = hashlib.sha256()
    for layer in model.layers:
        for variable, value in zip(layer.weights, layer.get_weights(), strict=True):
            total.update(f"{layer.name}/{variable.name} {value.shape} {value.dtype}\n".encode())
            total.update(np.ascontiguousarray(value).tobytes())
    return total.hexdigest()
