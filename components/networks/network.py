"""The network: a backbone from raw pixels, a pooled embedding, a linear head; and its parts."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from components.common.errors import ConfigError, GraftError
from components.networks.backbones._graph import default_cut
from components.networks.config import (
    EMBEDDING,
    INPUT,
    LOGITS,
    NetworkConfig,
    Pooling,
    check_size,
    member,
)
from components.networks.fast.folding import fold_batch_norm
from components.networks.weights.load import load_file, unavailable

LOG = logging.getLogger(__name__)

_NAMES_SHOWN = 5


@dataclass(frozen=True)
class Backbone:
    """A network without its top.

    model: raw pixels float32 [N, S, S, 3] in [0, 255] -> feature map [N, h, w, D], or tokens
        [N, T, D] of a transformer.
    cut_points: names of layers that all later layers see the picture through, shallow to deep.
    default_cut: the frozen part ends here unless a method says otherwise.
    features: names of the layers that, pooled over the picture, make up the embedding. Several
        depths serve strange pictures better than the last layer, which knows its old classes.
    """

    model: keras.Model
    cut_points: tuple[str, ...]
    default_cut: str
    features: tuple[str, ...]


def pixel_input(image_size_px: int) -> Any:
    """Return the symbolic input, float32 [N, S, S, 3]."""
    return keras.Input(shape=(image_size_px, image_size_px, 3), name=INPUT, dtype="float32")


@dataclass(frozen=True)
class Network:
    """The whole network and where it may be cut.

    model: raw pixels float32 [N, S, S, 3] in [0, 255] -> logits float32 [N, classes]; its layer
        "embedding" is the feature vector, "logits" the head. Logits of further tasks come after.
    pools: names of the layers that pool the feature layers, shallow to deep.
    pooling: how they do, see `NetworkConfig`.
    """

    model: keras.Model
    cut_points: tuple[str, ...]
    default_cut: str
    pools: tuple[str, ...]
    pooling: Pooling = "mean"
    # Parts that were asked for: each is compiled but once, however many folds train it.
    _parts: dict[Any, keras.Model] = field(
        init=False, default_factory=dict, compare=False, repr=False
    )

    @property
    def answering(self) -> tuple[str, ...]:
        """The names of the layers that answer: LOGITS, and one a further task."""
        return tuple(str(one._keras_history.operation.name) for one in self.model.outputs)

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
                f"one of the cut points {', '.join(self.cut_points)}",
                received=f"'{name}'",
                do="choose one of them, or leave the option out",
            )
        return chosen

    def boundary(self, cut: str) -> tuple[str, ...]:
        """Return the layers whose outputs are all that the part after `cut` needs.

        That is the cut itself and, where the embedding has features from before it, these pooled.

        Args:
            cut: a cut point, "embedding", or "pixels" for the whole network.
        """
        if cut in {INPUT, EMBEDDING}:
            return (cut,)
        order = {layer.name: position for position, layer in enumerate(self.model.operations)}
        known = [pool for pool in self.pools if order[self.pooled_layer(pool)] <= order[cut]]
        return (cut, *known)

    def pooled_layer(self, pool: str) -> str:
        """Return the name of the feature layer that one of `pools` reads."""
        return str(self.model.get_layer(pool).input._keras_history.operation.name)

    def between(self, starts: tuple[str, ...], ends: tuple[str, ...]) -> keras.Model:
        """Return the part after the layers `starts` up to and including the layers `ends`.

        Layers are shared: what is trained in the part is trained in the whole.

        Args:
            starts: layer names, see `boundary`.
            ends: layer names.
        """
        if (starts, ends) not in self._parts:
            fed = self._outputs(starts)
            places = [tensor._keras_history for tensor in fed]
            part = keras.Model(as_fed(fed), as_fed(self._outputs(ends)))
            # Where the pixels are one start of several, Keras gives them another place in the
            # graph, after which the whole could no longer be saved.
            for tensor, place in zip(fed, places, strict=True):
                tensor._keras_history = place
            self._parts[starts, ends] = part
        return self._parts[starts, ends]

    def frozen_between(self, starts: tuple[str, ...], ends: tuple[str, ...]) -> keras.Model:
        """Return a copy of a part for inference only, with BatchNorm folded into convolutions."""
        return fold_batch_norm(self.between(starts, ends))

    def set_head(self, kernel: npt.NDArray[np.float32], bias: npt.NDArray[np.float32]) -> None:
        """Set the head's kernel [D, classes] and bias [classes]."""
        self.head.set_weights([kernel, bias])

    def _outputs(self, names: tuple[str, ...]) -> list[Any]:
        return [
            self.model.inputs[0] if name == INPUT else output_of(self.model, name) for name in names
        ]


def output_of(model: keras.Model, name: str) -> Any:
    """Return the symbolic output of a layer, or of a plain operation such as a sum, by name.

    `Model.get_layer` knows layers only.

    Raises:
        KeyError: the model has neither.
    """
    for operation in model.operations:
        if operation.name == name:
            return operation.output
    raise KeyError(name)


def as_fed(parts: Sequence[Any]) -> Any:
    """Return a network's inputs or outputs as Keras wants them: bare when there is but one."""
    return parts[0] if len(parts) == 1 else list(parts)


def build(settings: NetworkConfig, *, image_size_px: int, classes: int) -> Network:
    """Build the network and give the backbone its weights; the head starts at zero.

    Layers that no feature needs are left out.

    Raises:
        ConfigError: no such backbone, variant or feature layer.
        DataError: the pictures are too small for it.
        WeightsError: the weights cannot be had, are damaged, or belong to another network.
    """
    network = assemble(
        pretrained(settings, image_size_px=image_size_px),
        classes=classes,
        features=settings.features,
        pooling=settings.pooling,
    )
    LOG.info("embedding of %d features", network.head.kernel.shape[0])
    return network


def pretrained(settings: NetworkConfig, *, image_size_px: int) -> Backbone:
    """Return the backbone with the weights that the settings name.

    Raises:
        ConfigError: no such backbone or variant.
        DataError: the pictures are too small for it.
        WeightsError: the weights cannot be had, are damaged, or belong to another network.
    """
    check_size(settings.backbone, image_size_px)
    found = member(settings.backbone)
    imagenet = settings.weights == "imagenet"
    try:
        backbone: Backbone = found.module.build(
            found.variant, image_size_px=image_size_px, pretrained=imagenet
        )
    except GraftError:
        raise
    except Exception as error:
        # Keras' download raises a bare Exception; without a download there is nothing to excuse.
        if not imagenet:
            raise
        raise unavailable(settings.backbone, error) from None
    if settings.weights not in {"imagenet", "none"}:
        load_file(backbone.model, settings.weights)
    return backbone


def assemble(
    backbone: Backbone,
    *,
    classes: int,
    features: tuple[str, ...] = (),
    pooling: Pooling = "mean",
) -> Network:
    """Put embedding and head on a backbone.

    Args:
        backbone: the network without its top.
        classes: how many logits.
        features: instead of the backbone's own; see `Backbone.features`.
        pooling: see `NetworkConfig`.

    Raises:
        ConfigError: no such feature layer.
    """
    chosen = _ordered(backbone, features or backbone.features)
    pools = tuple(f"{pooling}_{name}" for name in chosen)
    pooled = [
        pool_over_picture(output_of(backbone.model, name), pooling=pooling, name=pool)
        for pool, name in zip(pools, chosen, strict=True)
    ]
    # Concatenate wants two or more; the one name "embedding" holds in either case.
    joined = keras.layers.Concatenate(name="joined")(pooled) if len(pooled) > 1 else pooled[0]
    embedding = keras.layers.Identity(name=EMBEDDING)(joined)
    head = keras.layers.Dense(classes, kernel_initializer="zeros", name=LOGITS)
    model = keras.Model(backbone.model.inputs[0], head(embedding), name="graft")
    present = {operation.name for operation in model.operations}
    cuts = tuple(name for name in backbone.cut_points if name in present)
    default = backbone.default_cut
    if cuts and default not in cuts:
        # The features end before it.
        default = default_cut(model, cuts)
    return Network(model, cuts, default, pools, pooling)


def pool_over_picture(features: Any, *, pooling: Pooling, name: str) -> Any:
    """Return the symbolic features of a map [N, h, w, D] or of tokens [N, T, D].

    The mean or the maximum over the places, [N, D], or all of them in a row, [N, h * w * D].
    """
    if pooling == "flatten":
        return keras.layers.Flatten(name=name)(features)
    kind = "Average" if pooling == "mean" else "Max"
    dimensions = len(features.shape) - 2
    layer = getattr(keras.layers, f"Global{kind}Pooling{dimensions}D")
    return layer(name=name)(features)


def _ordered(backbone: Backbone, features: tuple[str, ...]) -> tuple[str, ...]:
    """Return feature layers from shallow to deep, each once."""
    maps = [x.name for x in backbone.model.operations if len(x.output.shape) in {3, 4}]
    for name in features:
        if name not in maps:
            # The names nearest to it or, where none is near, the deepest.
            near = get_close_matches(name, maps[1:], n=_NAMES_SHOWN) or maps[1:][-_NAMES_SHOWN:]
            raise ConfigError(
                f"one of the {len(maps) - 1} layers that may be features",
                received=f"'{name}'",
                do=f"take one of {', '.join(near)}, or leave out train.features",
            )
    return tuple(name for name in maps if name in features)
