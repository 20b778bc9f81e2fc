import io

import h5py
import numpy as np
import pytest
from torch_files import torch_file

from components.common.errors import WeightsError
from components.networks.weights.efficientnet_lite import keras_file

RNG = np.random.default_rng(0)


def tensor(*shape: int) -> np.ndarray:
    return RNG.random(shape, dtype=np.float32)


TENSORS = {
    "_conv_stem.weight": tensor(4, 3, 2, 2),
    "_bn0.weight": tensor(4),
    "_bn0.running_var": tensor(4),
    "_blocks.12._depthwise_conv.weight": tensor(4, 1, 5, 5),
    "_blocks.12._bn1.bias": tensor(4),
    "_blocks.12._bn1.num_batches_tracked": np.array(3, dtype=np.int64),
    "_fc.weight": tensor(10, 4),
    "_fc.bias": tensor(10),
}


def test_names_and_axes_become_those_of_keras() -> None:
    with h5py.File(io.BytesIO(keras_file(torch_file(TENSORS)))) as file:
        stem = file["stem_conv/kernel"][()]
        depthwise = file["block_12_depthwise_conv/kernel"][()]
        assert set(file) == {
            "stem_conv",
            "stem_bn",
            "block_12_depthwise_conv",
            "block_12_depthwise_bn",
            "predictions",
        }
        assert set(file["stem_bn"]) == {"gamma", "moving_variance"}
        np.testing.assert_array_equal(file["predictions/kernel"], TENSORS["_fc.weight"].T)
        np.testing.assert_array_equal(file["predictions/bias"], TENSORS["_fc.bias"])
    assert stem[1, 0, 2, 3] == TENSORS["_conv_stem.weight"][3, 2, 1, 0]
    assert depthwise[4, 1, 2, 0] == TENSORS["_blocks.12._depthwise_conv.weight"][2, 0, 4, 1]


def test_the_bytes_are_always_the_same() -> None:
    turned = dict(reversed(TENSORS.items()))
    assert keras_file(torch_file(TENSORS)) == keras_file(torch_file(turned))


def test_another_network_is_refused() -> None:
    with pytest.raises(WeightsError, match=r"an EfficientNet-Lite, received 'layer1\.weight'"):
        keras_file(torch_file({"layer1.weight": tensor(2, 2)}))
