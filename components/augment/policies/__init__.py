"""Augmentation policies, one file each; the file name is the key.

A policy module has

- `Options`: a frozen dataclass (a `Section`) of its settings;
- `view(pixels, *, number, rng, options)`: uint8 [S, S, C] in, uint8 [S, S, C] out. Pure: it
  changes nothing it is given, and all chance comes from `rng`. `number` counts the views of
  one picture from 1 (view 0, the picture as it is, is never asked for).
"""
