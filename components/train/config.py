"""Settings of `train`."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class TrainConfig(Section):
    """How the network is made and fitted.

    backbone: file name under `backbones/`, with a variant after a slash where the family has
        several: "mobilenet_v2", "mobilenet_v2/0.5".
    weights: "imagenet" (Keras Applications downloads them), "none" (random), or a .h5,
        .weights.h5 or .keras file that holds the backbone: its path, or its address with
        "#sha256=" and the digest.
    features: names of the layers whose means over the picture make up the embedding that the
        head reads; none leaves the choice to the backbone's file.
    method: file name under `methods/`.
    options: the method's own settings, see `Options` in its file.
    soft_labels: train on the annotated probability where there is one.
    flips: test-time views whose logits are averaged: 1, 2 (left-right) or 4 (up-down too).
    seed: two runs on a CPU with one seed agree to 1e-6.
    cache_gb: how much disk the activation cache may keep, in GB (10^9 bytes).
    """

    backbone: str = "mobilenet_v2"
    weights: str = "imagenet"
    features: tuple[str, ...] = ()
    method: str = "linear_probe_finetune"
    options: dict[str, Any] = field(default_factory=dict)
    soft_labels: bool = True
    flips: Literal[1, 2, 4] = 4
    seed: Annotated[int, Field(ge=0)] = 0
    cache_gb: Annotated[float, Field(gt=0)] = 4.0
