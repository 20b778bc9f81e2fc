"""The network: a backbone from raw pixels, a pooled embedding, a linear head; and its parts."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from components.common import plugins
from components.common.errors import ConfigError, DataError, expected
from components.train.config import TrainConfig
from components.train.folding import fold_batch_norm
from components.train.weights import load_file, unavailable

BACKBONES = "components.train.backbones"

INPUT = "pixels"
EMBEDDING = "embedding"
LOGITS = "logits"


@dataclass(frozen=True)
class Backbone:
    """A network without its top.

    model: raw pixels float32 [N, S, S, 3] in [0, 255] -> feature map [N, h, w, D].
    cut_points: names of layers whose output is all that later layers see, shallow to deep.
    default_cut: the frozen part ends here unless a method says otherwise.
    """

    model: keras.Model
    cut_points: tuple[str, ...]
    default_cut: str


@dataclass(frozen=True)
class PixelSpec:
    """What `pixel_input` checks: a family's name, the edge asked for, the least it can take."""

    family: str
    image_size_px: int
    min_size_px: int


def pixel_input(spec: PixelSpec) -> Any:
    """Return the symbolic input, float32 [N, S, S, 3].

    Raises:
        DataError: the pictures are too small for the network.
    """
    if spec.image_size_px < spec.min_size_px:
        raise DataError(
            expected(
                f"pictures of at least {spec.min_size_px} px for {spec.family}",
                received=f"{spec.image_size_px} px",
                do="raise augment.image_size_px or choose another backbone",
            )
        )
    shape = (spec.image_size_px, spec.image_size_px, 3)
    return keras.Input(shape=shape, name=INPUT, dtype="float32")


@dataclass(frozen=True)
class Network:
    """The whole network and where it may be cut.

    model: raw pixels float32 [N, S, S, 3] in [0, 255] -> logits float32 [N, classes]; its layer
        "embedding" is the pooled feature vector, "logits" the head.
    """

    model: keras.Model
    cut_points: tuple[str, ...]
    default_cut: str

    @property
    def head(self) -> keras.layers.Dense:
        """The linear head."""
        return self.model.get_layer(LOGITS)

    def cut(self, name: str) -> str:
        """Return a cut point, the default one for "".

        Raises:
            ConfigError: the network has no such cut point.
        """
        chosen = name or self.default_cut
        if chosen not in self.cut_points:
            raise ConfigError(
                expected(
                    f"one of the cut points {', '.join(self.cut_points)}",
                    received=f"'{name}'",
                    do="choose one of them, or leave the option out",
                )
            )
        return chosen

    def between(self, start: str, end: str) -> keras.Model:
        """Return the part after layer `start` up to and including layer `end`.

        Layers are shared: what is trained in the part is trained in the whole.

        Args:
            start: layer name; "pixels" for the input.
            end: layer name.
        """
        first = self.model.input if start == INPUT else self.model.get_layer(start).output
        return keras.Model(first, self.model.get_layer(end).output)

    def frozen_between(self, start: str, end: str) -> keras.Model:
        """Return a copy of a part for inference only, with BatchNorm folded into convolutions."""
        return fold_batch_norm(self.between(start, end))

    def set_head(self, kernel: npt.NDArray[np.float32], bias: npt.NDArray[np.float32]) -> None:
        """Set the head's kernel [D, classes] and bias [classes]."""
        self.head.set_weights([kernel, bias])


def build(settings: TrainConfig, *, image_size_px: int, classes: int) -> Network:
    """Build the network and give the backbone its weights; the head starts at zero.

    Raises:
        ConfigError: no such backbone or variant.
        DataError: the pictures are too small for it.
        WeightsError: the weights cannot be had, are damaged, or belong to another network.
    """
    backbone = _backbone(settings, image_size_px=image_size_px)
    pooled = keras.layers.GlobalAveragePooling2D(name=EMBEDDING)(backbone.model.output)
    zeros = keras.initializers.Zeros()
    head = keras.layers.Dense(classes, kernel_initializer=zeros, name=LOGITS)
    model = keras.Model(backbone.model.input, head(pooled), name="graft")
    if settings.weights not in {"imagenet", "none"}:
        load_file(backbone.model, settings.weights)
    return Network(model, backbone.cut_points, backbone.default_cut)


def _backbone(settings: TrainConfig, *, image_size_px: int) -> Backbone:
    family, _, variant = settings.backbone.partition("/")
    module = plugins.load(BACKBONES, family)
    chosen = variant or module.VARIANTS[0]
    if chosen not in module.VARIANTS:
        raise ConfigError(
            expected(
                f"one of the variants {', '.join(filter(None, module.VARIANTS)) or '(none)'}",
                received=f"'{settings.backbone}'",
                do=f"write '{family}' or '{family}/VARIANT'",
            )
        )
    pretrained = settings.weights == "imagenet"
    try:
        backbone: Backbone = module.build(
            chosen, image_size_px=image_size_px, pretrained=pretrained
        )
    except DataError:
        raise
    except Exception as error:
        # Keras' download raises a bare Exception; without a download there is nothing to excuse.
        if not pretrained:
            raise
        raise unavailable(settings.backbone, error) from None
    return backbone
