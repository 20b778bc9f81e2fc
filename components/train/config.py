"""Settings of `train`."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from components.common.config import FreeForm, Section

Pooling = Literal["mean", "max"]


@dataclass(frozen=True, kw_only=True)
class TrainConfig(Section):
    """How the network is made and fitted.

    backbone: file name under `backbones/`, with a variant after a slash where the family has
        several: "mobilenet_v2", "mobilenet_v2/0.5".
    weights: "imagenet" (Keras Applications downloads them), "none" (random), or a .h5,
        .weights.h5 or .keras file that holds the backbone: its path, or its address with
        "#sha256=" and the digest.
    warm_start: start from a network of ours instead of `weights`: the path of a published model
        or one of its versions ("serving/models/solar", "serving/models/solar/3"), of a Candidate
        folder, or of its model.keras; "" for none. The head is solved anew in any case.
    features: names of the layers that, pooled over the picture, make up the embedding that the
        head reads; none leaves the choice to the backbone's file.
    pooling: "mean" says how much of something is in the picture, "max" whether it is anywhere:
        better for small defects (Boureau et al. 2010, ICML, "A theoretical analysis of feature
        pooling").
    method: file name under `methods/`.
    options: the method's own settings, see `Options` in its file.
    soft_labels: train on the annotated probability where there is one.
    flips: test-time views whose logits are averaged: 1, 2 (left-right) or 4 (up-down too).
    seed: two runs on a CPU with one seed agree to 1e-6.
    precision: what the convolutions are computed in during training: "float32", "bfloat16" (faster
        on processors that have it, weights stay float32), or "auto", which takes bfloat16 where
        it was measured to pay, so never on a GPU. What is exported is float32 in any case.
    cache_gb: how much disk the activation cache may keep, in GB (10^9 bytes).
    backend: what Keras runs on while training: "tensorflow", "jax" (the extra `jax`), or "auto",
        which leaves it to Keras (KERAS_BACKEND, else TensorFlow). Other steps are not affected.
    accelerator: "auto" takes a GPU where there is one, "gpu" wants one, "cpu" leaves it alone.
    without_gpu: what "gpu" does where there is none: "refuse", or "warn" and use the processor.
    devices: how many GPUs share every step, 0 for all there are; more than one needs JAX.
    keep_compiled: keep JAX's compiled programs with the caches, so that the next run is ready
        sooner.
    """

    backbone: str = "mobilenet_v2"
    weights: str = "imagenet"
    warm_start: str = ""
    features: tuple[str, ...] = ()
    pooling: Pooling = "mean"
    method: str = "linear_probe_finetune"
    options: FreeForm = field(default_factory=dict)
    soft_labels: bool = True
    flips: Literal[1, 2, 4] = 4
    seed: Annotated[int, Field(ge=0)] = 0
    precision: Literal["auto", "float32", "bfloat16"] = "float32"
    cache_gb: Annotated[float, Field(gt=0)] = 4.0
    backend: Literal["auto", "tensorflow", "jax"] = "auto"
    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    without_gpu: Literal["refuse", "warn"] = "refuse"
    devices: Annotated[int, Field(ge=0)] = 1
    keep_compiled: bool = True
