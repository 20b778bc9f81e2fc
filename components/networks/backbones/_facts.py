"""What is known of a network without building it; nothing here imports Keras."""

from dataclasses import dataclass


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
