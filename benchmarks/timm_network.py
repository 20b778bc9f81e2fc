"""EfficientNet-Lite2 from timm with our weights: the network that the PyTorch arm trains.

    pip install torch timm      # of the benchmark only, in no lock file

It computes what `train.backbone: efficientnet_lite/2` computes: the maps of four blocks, pooled by
their maximum, joined, and a linear head; what lies behind the last of them is left out.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import timm
import torch

Arrays = Mapping[str, npt.NDArray[np.float32]]

NAME = "tf_efficientnet_lite2"
_NORM = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}
# timm's names within a block: of the first stage, which does not widen, and of all others.
_PLAIN = {"conv_dw": "depthwise_conv", "bn1": "depthwise_bn", "conv_pw": "project_conv"}
_PLAIN |= {"bn2": "project_bn"}
_WIDENING = {"conv_pw": "expand_conv", "bn1": "expand_bn", "conv_dw": "depthwise_conv"}
_WIDENING |= {"bn2": "depthwise_bn", "conv_pwl": "project_conv", "bn3": "project_bn"}


class Network(torch.nn.Module):
    """Pixels float [N, 3, S, S] in [0, 255] -> logits [N, classes].

    Args:
        weights: by "layer/variable", as Keras names and orders them, the head included.
        feature_blocks: blocks whose widened maps are pooled, the last one the deepest.
        cut: the last frozen block. BatchNorm is fixed everywhere.
    """

    def __init__(self, weights: Arrays, *, feature_blocks: tuple[int, ...], cut: int) -> None:
        super().__init__()
        whole = timm.create_model(NAME, pretrained=False)
        self.stem = torch.nn.Sequential(whole.conv_stem, whole.bn1)
        blocks = [block for stage in whole.blocks for block in stage]
        self.blocks = torch.nn.ModuleList(blocks[: feature_blocks[-1] + 1])
        kernel = weights["logits/kernel"]
        self.head = torch.nn.Linear(*kernel.shape)
        self._features = set(feature_blocks)
        self._last = feature_blocks[-1]
        _fill(self.stem[0], weights, "stem_conv")
        _fill(self.stem[1], weights, "stem_bn")
        _fill(self.head, weights, "logits")
        for number, block in enumerate(self.blocks):
            names = _PLAIN if number == 0 else _WIDENING
            # Of the last block only what widens is used.
            for mine, ours in list(names.items())[: 2 if number == self._last else None]:
                _fill(getattr(block, mine), weights, f"block_{number}_{ours}")
        for part in (self.stem, *self.blocks[: cut + 1]):
            part.requires_grad_(False)
        for part in self.modules():
            if isinstance(part, torch.nn.BatchNorm2d):
                part.requires_grad_(False)
        last = self.blocks[self._last]
        for part in (last.conv_dw, last.conv_pwl):
            part.requires_grad_(False)
        self.eval()

    def forward(self, pixels: Any) -> Any:
        """Return logits."""
        x = self.stem((pixels - 127.0) / 128.0)
        pooled = []
        for number, block in enumerate(self.blocks):
            if number not in self._features:
                x = block(x)
                continue
            widened = block.bn1(block.conv_pw(x))
            pooled.append(widened.amax(dim=(2, 3)))
            if number < self._last:
                narrowed = block.bn3(block.conv_pwl(block.bn2(block.conv_dw(widened))))
                x = narrowed + x if block.has_skip else narrowed
        return self.head(torch.cat(pooled, dim=1))


def _fill(part: Any, weights: Arrays, layer: str) -> None:
    state = part.state_dict()
    for name in state:
        if isinstance(part, torch.nn.BatchNorm2d):
            if name in _NORM:
                state[name] = torch.from_numpy(weights[f"{layer}/{_NORM[name]}"])
        elif name == "weight":
            state[name] = torch.from_numpy(_turned(weights[f"{layer}/kernel"], layer))
        else:
            state[name] = torch.from_numpy(weights[f"{layer}/{name}"])
    part.load_state_dict(state)


def _turned(kernel: npt.NDArray[np.float32], layer: str) -> npt.NDArray[np.float32]:
    """Turn [h, w, in, out], a depthwise [h, w, in, 1] or a dense [in, out] into PyTorch's order."""
    if kernel.ndim == 2:
        return np.ascontiguousarray(kernel.T)
    order = (2, 3, 0, 1) if layer.endswith("depthwise_conv") else (3, 2, 0, 1)
    return np.ascontiguousarray(kernel.transpose(order))
