"""Presets of KerasHub (ViT, DINOv2, SigLIP, ...), when the package is installed (extra `hub`).

`backbone: keras_hub/PRESET` with the name of a preset, a handle (`hf://...`, `kaggle://...`) or a
folder that holds one. The preset is one layer of the network, since KerasHub's inner layers cannot
be copied one by one: it is frozen as a whole (`linear_probe`) or tuned as a whole. Licences differ
from preset to preset.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.common.artifacts.records import tree_sha256
from components.common.errors import ConfigError, DataError
from components.networks.backbones._family import Facts
from components.networks.weights.load import leaves

if TYPE_CHECKING:
    from components.networks.network import Backbone

MIN_SIZE_PX = 32
LICENCE = "see the preset"
# Nothing is known in advance: any preset may be named.
FACTS: dict[str, Facts] = {}

_ANSWERS = "preset_output"


def content_sha256(variant: str) -> str:
    """Return the digest of a preset that is a folder, "" for one that KerasHub fetches."""
    folder = Path(variant)
    return tree_sha256(folder) if variant and folder.is_dir() else ""


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return a preset's image network for raw pixels [N, S, S, 3], 0 to 255.

    Raises:
        ConfigError: KerasHub is not installed, no preset is named, or it has BatchNorm inside,
            whose statistics nobody would freeze.
        DataError: the preset takes pictures of another size only.
    """
    try:
        import keras_hub as hub
    except ImportError as error:
        raise ConfigError(
            "KerasHub, for backbones of the family keras_hub",
            received=str(error).splitlines()[0],
            do="install the extra: pip install 'graft-vision[hub]'",
        ) from None
    import keras

    from components.networks.backbones._graph import PREPROCESS
    from components.networks.network import Backbone, pixel_input

    pixels = pixel_input(image_size_px)
    inner = _image_network(hub, variant, image_size_px=image_size_px, pretrained=pretrained)
    converter = hub.layers.ImageConverter.from_preset(variant)
    # The converter would resize as well; shards have their size already.
    scale = 1.0 if converter.scale is None else converter.scale
    offset = 0.0 if converter.offset is None else converter.offset
    scaled = keras.layers.Rescaling(scale, offset=offset, name=PREPROCESS)(pixels)
    # A network within a network has an output of its own; the layer behind has that of this call.
    answers = keras.layers.Identity(name=_ANSWERS)(inner(scaled))
    model = keras.Model(pixels, answers)
    return Backbone(
        model=model, cut_points=(PREPROCESS,), default_cut=PREPROCESS, features=(_ANSWERS,)
    )


def _image_network(hub: Any, preset: str, *, image_size_px: int, pretrained: bool) -> Any:
    """Return the preset's network at this size, of a picture-and-text one the picture's half."""
    if not preset:
        raise ConfigError(
            "a preset", received="none", do="write 'keras_hub/PRESET', a name or a folder"
        )
    load = hub.models.Backbone.from_preset
    try:
        shape = (image_size_px, image_size_px, 3)
        network = load(preset, load_weights=pretrained, image_shape=shape)
    except (TypeError, ValueError):
        # It cannot be resized, or not to this size.
        network = load(preset, load_weights=pretrained)
    network = getattr(network, "vision_encoder", network)
    _check(network, preset, image_size_px=image_size_px)
    return network


def _check(network: Any, preset: str, *, image_size_px: int) -> None:
    import keras

    size = network.inputs[0].shape[1]
    if size not in {None, image_size_px}:
        raise DataError(
            f"pictures of {size} px for the preset '{preset}'",
            received=f"{image_size_px} px",
            do=f"set augment.image_size_px={size}",
        )
    if any(isinstance(layer, keras.layers.BatchNormalization) for layer in leaves(network)):
        raise ConfigError(
            "a preset without BatchNorm (ViT, DINOv2, SigLIP, ...)",
            received=f"'{preset}', which has it",
            do="choose the family of Keras Applications instead (graft backbones)",
        )
