"""Pretrained networks without their top, one file a family; the file name is the key.

A backbone module has

- `MIN_SIZE_PX`: the smallest edge the network can take;
- `LICENCE`: of its pretrained weights, as their publisher states it (an SPDX name);
- `FACTS`: what is known of each variant without building it, see `_family.py`. The keys are the
  names after the slash in `backbone: family/variant`, the default first; `""` when the family has
  one member, no keys at all when any name may follow;
- `build(variant, *, image_size_px, pretrained) -> Backbone`: `pretrained` asks Keras
  Applications for its ImageNet weights, False gives random ones;
- `imagenet_file(variant) -> Path`, where Graft and not Keras fetches these weights.

The network takes raw pixels, 0 to 255: preprocessing is part of its graph, the layer "preprocess",
made of layers that Keras can save and load by itself (no Lambda). A module imports Keras inside
its functions only, so that families can be listed without it.
"""
