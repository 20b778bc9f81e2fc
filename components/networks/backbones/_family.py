"""What is known of a family without building it; nothing here imports Keras."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from components.networks.network import Backbone

# The modes of `preprocess_input`; "inside" where that does nothing because the network scales the
# pixels itself.
Preprocessing = Literal["tf", "caffe", "torch", "inside"]


@dataclass(frozen=True)
class Facts:
    """One variant.

    parameters: of the network without its top.
    size_px: the edge of the pictures it was pretrained on.
    keras_file: pattern of the file's name in Keras' download cache; "" when Keras does not
        download it.
    """

    parameters: int
    size_px: int
    keras_file: str = ""


def of_applications(
    name_of: Callable[[str], str],
    preprocessing: Preprocessing,
    *,
    is_width: bool = False,
    **chosen: Any,
) -> "Callable[..., Backbone]":
    """Return the `build` of a family whose networks Keras Applications has.

    Args:
        name_of: from a variant to its name in `keras.applications`.
        preprocessing: the mode of the family's `preprocess_input`.
        is_width: a variant is a factor on the channels.
        chosen: fields of `Backbone`, instead of what is found in the graph.
    """

    def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
        import keras

        from components.networks.backbones._applications import application

        constructor = getattr(keras.applications, name_of(variant))
        if is_width:
            constructor = partial(constructor, alpha=float(variant))
        found = application(
            constructor, preprocessing, image_size_px=image_size_px, pretrained=pretrained
        )
        return replace(found, **chosen)

    return build
