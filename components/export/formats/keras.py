"""Keras' own file: opens in Keras 3 without Graft, on any back end, to look into or train on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.records import write_record
from components.export.portable import Asked, PortableInfo, answering_network, as_seen

SUFFIX, RECORD_SUFFIX = ".keras", ".keras.json"
TAKES = "float32 [N, {size}, {size}, 3], RGB, whole numbers in [0, 255], made square and resized"
GIVES = "float32 [N, {classes}], calibrated probabilities"
ROUNDING = 1


def write(candidate: Candidate, path: Path, info: PortableInfo) -> None:
    """Write the network, its views and its calibration."""
    answering_network(candidate).save(path)
    write_record(path.with_suffix(RECORD_SUFFIX), info)


def opened(path: Path, info: PortableInfo) -> Asked:
    """Return what asks the file."""
    import keras

    network = keras.models.load_model(path, compile=False)

    def asked(pictures: Sequence[bytes]) -> npt.NDArray[np.float32]:
        pixels = np.stack([as_seen(one, info) for one in pictures]).astype(np.float32)
        found = keras.ops.convert_to_numpy(network(pixels, training=False))
        return np.asarray(found, np.float32)

    return asked
