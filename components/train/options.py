"""Settings that methods share; nothing here imports Keras."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from components.common.config import Section

Keep = Literal["best", "last"]
# "balanced" lets every class count the same in training, however many pictures it has.
ClassWeight = Literal["none", "balanced"]
# What is done about rare classes: functions of `imbalance.treatments`, or "auto", which compares.
Imbalance = Literal[
    "none",
    "auto",
    "logit_adjustment",
    "class_weights",
    "focal",
    "over_sampling",
    "under_sampling",
    "smote",
    "discriminant",
]


@dataclass(frozen=True, kw_only=True)
class Uses:
    """What a method can make use of besides labelled pictures, said by its file as `USES`.

    unlabelled: pictures without a label. domains: the manifest's column `domain`. tasks: further
    label columns. attributes: a table of what is true of each class. teacher: a fitted model.
    """

    unlabelled: bool = False
    domains: bool = False
    tasks: bool = False
    attributes: bool = False
    teacher: bool = False


@dataclass(frozen=True, kw_only=True)
class TuningOptions(Section):
    """Settings that every gradient method shares.

    epochs: passes over the training pictures, each in one view drawn at random.
    batch: pictures a step.
    learning_rate: the peak; cosine decay to zero after the warm-up.
    warm_up: share of the steps in which the rate climbs from zero.
    weight_decay: decoupled (AdamW), per step and unit of rate.
    clip_norm: gradients are scaled down to this global norm.
    keep: which weights are kept: of the epoch with the lowest validation loss ("best"), or of the
        end ("last"). Under cross-validation nothing is held out: the training loss decides.
    patience: stop after so many epochs without a lower loss of that kind, 0 never; what is kept is
        still for `keep` to say.
    class_weight: "balanced" lets every class count the same; probabilities then speak of
        balanced classes, too.
    mixup: alpha of mixup, 0 for none. It acts where the trained part starts: on cached
        activations it is manifold mixup at the cut.
    """

    epochs: Annotated[int, Field(ge=1, le=1000)] = 8
    batch: Annotated[int, Field(ge=1, le=4096)] = 32
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-4
    warm_up: Annotated[float, Field(ge=0, lt=1)] = 0.1
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 1e-4
    clip_norm: Annotated[float, Field(gt=0)] = 1.0
    keep: Keep = "last"
    patience: Annotated[int, Field(ge=0)] = 0
    class_weight: ClassWeight = "none"
    mixup: Annotated[float, Field(ge=0)] = 0.0


@dataclass(frozen=True, kw_only=True)
class PixelOptions(Section):
    """Settings of a method that freezes nothing, so that it trains on pixels.

    fresh_views: each epoch draws new views instead of one of those stored: for long trainings. Not
        on JAX, where an epoch is one program over stored pixels.
    cutmix: alpha of CutMix, 0 for none: a rectangle of another picture is pasted in, and the label
        shared by area. It takes the place of mixup. Wrong where the class lies in a small fault, or
        in where things are: the rectangle may hold it or hide it.
    """

    fresh_views: bool = False
    cutmix: Annotated[float, Field(ge=0)] = 0.0


@dataclass(frozen=True, kw_only=True)
class ProbeOptions(Section):
    """How the head is solved on frozen features.

    strength: inverse L2 penalty C on standardised features; 0 chooses it by cross-validation.
    distil: self-distillation: how much of what each training view is fitted to answer is what
        probes of other groups answer on average over the picture's views; the rest is its label.
        0.5 was better on the demo's noisy labels and worse on clean ones.
    """

    strength: Annotated[float, Field(ge=0)] = 0.0
    distil: Annotated[float, Field(ge=0, le=1)] = 0.0


@dataclass(frozen=True, kw_only=True)
class TransferOptions(TuningOptions, ProbeOptions):
    """Settings of a method that starts from the linear probe.

    blend: how much of the way from the probe's weights to the tuned ones is kept (WiSE-FT,
        Wortsman et al. 2022, arXiv:2109.01903): 1 all of it; less holds better on pictures
        unlike those of the training. Of every stage, where there are several.
    """

    blend: Annotated[float, Field(gt=0, le=1)] = 1.0
