"""Augmentation policies, one file each; the file name is the key.

A policy module has

- `Options`: a frozen dataclass (a `Section`) of its settings;
- `view(pixels, *, number, rng, options)`: uint8 [S, S, C] in, uint8 [S, S, C] out. Pure: it
  changes nothing it is given, and all chance comes from `rng`. `number` counts the views of
  one picture from 1 (view 0, the picture as it is, is never asked for);
- or, where one of Keras' layers does all of it, `layer(options)`, which returns that layer; it is
  made once and given its chance by `_keras.py`;
- a docstring that says what it does and, after "Not for", where it does harm;
- `COLOUR_ONLY = True` where it can change nothing in a greyscale picture: none is then shown it.
"""
