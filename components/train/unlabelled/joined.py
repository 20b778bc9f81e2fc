"""A network that sees small patches as well, or alone: fixed layers, learnt without labels."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from components.common.errors import ConfigError
from components.common.seeding import derive
from components.common.statistics.whitening import learn_whitening
from components.networks.config import EMBEDDING, INPUT, LOGITS
from components.networks.data import Split
from components.networks.features.cache import Want
from components.networks.network import Network, pixel_input
from components.networks.rows import FlippedPixels, Floats
from components.networks.unlabelled.autoencoder import autoencoder_filters
from components.networks.unlabelled.patches import centroid_filters, draw_patches
from components.train.session import Session, predict
from components.train.unlabelled.options import PatchOptions

SEEN = "seen"  # the layer with the backbone's own embedding
_MOST_PICTURES = 2000
_FLOOR = 0.1


@dataclass(frozen=True)
class JoinedNetwork(Network):
    """A network whose embedding is the backbone's and, beside it, that of patches."""

    def boundary(self, cut: str) -> tuple[str, ...]:
        """Return the backbone's embedding and the pixels, or as `Network.boundary`."""
        return (SEEN, INPUT) if cut == SEEN else super().boundary(cut)


def patch_features(split: Split, options: PatchOptions, *, seed: int) -> keras.Model:
    """Return fixed layers from pixels float32 [N, S, S, 3] to features >= 0, [N, grid^2 * count].

    Raises:
        ConfigError: the pictures are too small for the patches.
    """
    size_px = int(split.pixels[:1].shape[1])
    shrink = max(1, round(size_px / options.side_px))
    side = size_px // shrink
    if side < options.patch_px + options.grid - 1:
        raise ConfigError(
            f"patches of at most {side - options.grid + 1} px in pictures of {side} px",
            received=f"options.patch_px={options.patch_px}",
            do="take smaller patches, a larger side_px or a smaller grid",
        )
    patches = draw_patches(
        split.pixels,
        pictures=split.pictures,
        size_px=options.patch_px,
        shrink=shrink,
        seed=derive(seed, "patches"),
    )
    triangle = options.features == "patches"
    learn = centroid_filters if triangle else autoencoder_filters
    filters = learn(patches, count=options.count, seed=derive(seed, "filters"))
    places = side - options.patch_px + 1
    pixels = pixel_input(size_px)
    shrunk = keras.layers.AveragePooling2D(shrink, name="patches_shrunk")(pixels)
    convolve = keras.layers.Conv2D(
        len(filters.bias),
        options.patch_px,
        activation="relu" if triangle else "sigmoid",
        name="patches",
    )
    pool = keras.layers.AveragePooling2D(places // options.grid, name="patches_pooled")
    flat = keras.layers.Flatten(name="patches_flat")(pool(convolve(shrunk)))
    convolve.set_weights([filters.kernel, filters.bias])
    return keras.Model(pixels, flat, name="patch_features")


def rooted(features: keras.Model) -> keras.Model:
    """Return the square roots of features >= 0, so that the few loud pictures lead no whitening."""
    roots = keras.ops.sqrt(features.outputs[0])
    return keras.Model(features.inputs[0], roots, name="rooted_patch_features")


def whitened(features: keras.Model, split: Split, *, scale: float) -> keras.Model:
    """Return the layers with a whitening behind them, by the pictures of a split.

    Args:
        features: from pixels to [N, D].
        split: its view 0 is used, of up to two thousand pictures spread evenly over it.
        scale: the root mean square deviation of the whitened features.
    """
    some = split.head(_MOST_PICTURES) if split.pictures > _MOST_PICTURES else split
    found = predict(features, [FlippedPixels(some.pixels)], rows=some.pictures)
    whitening = learn_whitening(found, floor=_FLOOR)
    axes = whitening.axes * np.float32(scale / max(_spread(whitening.apply(found)), 1e-9))
    dense = keras.layers.Dense(axes.shape[1], name="patches_whitened")
    output = dense(features.outputs[0])
    dense.set_weights([axes, -whitening.centre @ axes])
    return keras.Model(features.inputs[0], output, name="whitened_patch_features")


def alone(features: keras.Model, *, classes: int) -> Network:
    """Return a network of nothing but the features and a head, which starts at zero."""
    embedding = keras.layers.Identity(name=EMBEDDING)(features.outputs[0])
    head = keras.layers.Dense(classes, kernel_initializer="zeros", name=LOGITS)
    model = keras.Model(features.inputs[0], head(embedding), name="graft")
    return Network(model, (), "", ())


def joined(network: Network, features: keras.Model, *, classes: int) -> Network:
    """Return the network with the features beside its embedding; the head starts at zero.

    Layers are shared with the network given.
    """
    own = keras.layers.Identity(name=SEEN)(network.model.get_layer(EMBEDDING).input)
    both = [own, _replayed(features, network.model.inputs[0])]
    embedding = keras.layers.Concatenate(name=EMBEDDING)(both)
    head = keras.layers.Dense(classes, kernel_initializer="zeros", name=LOGITS)
    model = keras.Model(network.model.inputs[0], head(embedding), name="graft")
    return JoinedNetwork(model, (), "", ())


def spread_of(network: Network, split: Split, session: Session) -> float:
    """Return the root mean square deviation of a network's embedding over a split, view 0."""
    (found,) = session.cache.get(network, Want(split, (EMBEDDING,)))
    return _spread(np.asarray(found[: split.pictures], np.float32))


def _spread(features: Floats) -> float:
    return float(np.sqrt(np.mean(features.var(axis=0, dtype=np.float64))))


def _replayed(features: keras.Model, pixels: Any) -> Any:
    """Return what a chain gives for other pixels, each of its operations called in turn."""
    value = pixels
    for operation in features.operations[1:]:
        value = operation(value)
    return value


def source_of(unlabelled: Split, train: Split) -> tuple[Split, str]:
    """Return the pictures to learn features from, and a note for the report."""
    if unlabelled.pictures:
        return unlabelled, f"features learnt on {unlabelled.pictures} pictures without labels"
    return train, "features learnt on the training pictures: there are none without labels"
