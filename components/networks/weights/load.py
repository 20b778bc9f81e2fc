"""Pretrained weights from a file: matched to the network layer by layer, shapes checked."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.errors import WeightsError, expected, first_line
from components.networks.weights.files import local_file

# Keras 2 gave depthwise kernels a name of their own.
_OLD_NAMES = {"depthwise_kernel": "kernel"}
_OPTIMIZER_FOLDERS = {"optimizer", "optimizer_weights"}
_INNER_FILE = "model.weights.h5"


def unavailable(backbone: str, error: Exception) -> WeightsError:
    """Return the error for ImageNet weights that cannot be downloaded."""
    return WeightsError(
        f"to download the ImageNet weights of '{backbone}'",
        received=first_line(error),
        do="connect to the internet, give train.weights a path to a .h5, .weights.h5 or .keras "
        "file with the backbone, its address with '#sha256=' and the digest, or 'none' for random "
        "weights",
    )


def load_file(model: Any, source: str) -> None:
    """Give every layer of a Keras model its weights from a file.

    Layers are matched by name wherever they stand in the file, so that a backbone nested in a
    larger model is found; what the file holds besides is left alone.

    Args:
        model: a Keras model; changed in place, all or nothing.
        source: path or pinned address of a .h5, .weights.h5 or .keras file.

    Raises:
        WeightsError: no such file, a damaged one, or one of another network.
    """
    path = local_file(source)
    stored = _read(path)
    plan = [
        (layer, [_match(layer, i, stored, path) for i in range(len(layer.weights))])
        for layer in leaves(model)
        if layer.weights
    ]
    for layer, values in plan:
        layer.set_weights(values)


def leaves(model: Any) -> Iterator[Any]:
    """Yield the layers of a Keras model, those of models nested in it one by one."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from leaves(layer)
        else:
            yield layer


# From a layer's name to its arrays, by name ("kernel") or by position ("0").
_Layers = dict[str, dict[str, npt.NDArray[Any]]]


def _read(path: Path) -> _Layers:
    """Return every layer of the file; a layer is the folder nearest to its arrays."""
    import h5py

    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                content = io.BytesIO(archive.read(_INNER_FILE))
            with h5py.File(content, "r") as file:
                return _layers(file)
        with h5py.File(path, "r") as file:
            return _layers(file)
    except (OSError, KeyError, RuntimeError, zipfile.BadZipFile) as error:
        raise WeightsError(
            f"a Keras weights file in {path.name}",
            received=f"a damaged or foreign file ({error})",
            do="fetch it again, or name another one in train.weights",
        ) from None


def _layers(file: Any) -> _Layers:
    layers: _Layers = {}
    for folder, name, array in _arrays(file, ()):
        if folder and not _OPTIMIZER_FOLDERS & set(folder):
            key = _OLD_NAMES.get(name.partition(":")[0], name.partition(":")[0])
            layers.setdefault(folder[-1], {}).setdefault(key, array)
    return layers


def _arrays(group: Any, folder: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    import h5py

    for name, item in group.items():
        if isinstance(item, h5py.Dataset):
            yield folder, name, np.asarray(item)
        else:
            # Keras 3 names folders by class ("conv2d_1/vars") and keeps the layer's name beside.
            yield from _arrays(item, (*folder, str(item.attrs.get("name", name))))


def _match(layer: Any, position: int, stored: _Layers, path: Path) -> Any:
    variable = layer.weights[position]
    arrays = stored.get(layer.name, {})
    array = arrays.get(variable.name, arrays.get(str(position)))
    wanted = f"{layer.name}/{variable.name} of shape {tuple(variable.shape)}"
    if array is None:
        raise _foreign(path, wanted, f"a file without it ({len(stored)} other layers)")
    if tuple(array.shape) != tuple(variable.shape):
        raise _foreign(path, wanted, f"shape {tuple(array.shape)}")
    if not np.isfinite(array).all():
        raise _foreign(path, f"finite values in {wanted}", "NaN or infinity")
    return array


def _foreign(path: Path, wanted: str, received: str) -> WeightsError:
    return WeightsError(
        f"{path.name}: weights of another architecture: "
        + expected(wanted, received=received, do="choose the backbone the file was made for")
    )
