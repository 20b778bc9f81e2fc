"""The frozen part of the network, computed once per picture and view, kept on disk.

An entry is keyed by everything its values depend on: the weights and structure of the frozen
part, its last layer, the pixels (hence resolution and augmentation), the flip. It appears by
rename, so that two runs may fill the cache side by side: both write, one wins, both are right.
"""

import contextlib
import hashlib
import logging
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from components.common.progress import track
from components.train.data import FlippedPixels, Rows, Split
from components.train.network import INPUT, Network, as_fed
from components.train.weights import weights_sha256

LOG = logging.getLogger(__name__)

# Part of every key: raise it when the meaning of an entry changes.
_FORMAT = "1"
_BATCH = 32
_FLOAT16_MAX = float(np.finfo(np.float16).max)
_STALE_PARTIAL_S = 6 * 3600.0

Activations = npt.NDArray[Any]


class _TooLargeError(Exception):
    """A value does not fit float16."""


@dataclass(frozen=True)
class Want:
    """Which activations: of `split`, after each of `layers`, of pixels flipped by `flip`.

    starts: compute from the (cached) activations of these layers instead of from pixels. It
        saves time and does not change what is meant, so it is not part of the key.
    """

    split: Split
    layers: tuple[str, ...]
    flip: tuple[bool, bool] = (False, False)
    starts: tuple[str, ...] = (INPUT,)
    activity: str = "computing features"


@dataclass(frozen=True)
class ActivationCache:
    """Activations below a folder, the least recently used dropped beyond `limit_bytes`."""

    root: Path
    limit_bytes: int

    def get(self, network: Network, want: Want) -> tuple[Activations, ...]:
        """Return activations, float16 (float32 where the values need it), memory-mapped.

        One array a layer, [rows of the split, ...layer shape], rows ordered as the split's
        pixels. The layers must still have the weights they are meant to be frozen at.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        paths = {name: self.root / f"{_key(network, name, want)}.npy" for name in want.layers}
        rows = len(want.split.pixels)
        opened = {name: _open(path, rows=rows) for name, path in paths.items()}
        found = {name: array for name, array in opened.items() if array is not None}
        absent = {name: path for name, path in paths.items() if name not in found}
        if absent:
            found |= self._fill(network, want, absent)
            self._evict(keep=set(paths.values()))
        else:
            LOG.info("%s: taken from the cache", ", ".join(want.layers))
        return tuple(found[name] for name in want.layers)

    def inputs(self, network: Network, want: Want) -> tuple[Rows, ...]:
        """Return what the part after the layers is fed from: activations, or pixels themselves.

        As `get`, but the layer "pixels" gives the network's own input, which needs no cache.
        """
        if want.layers == (INPUT,):
            return (FlippedPixels(want.split.pixels, want.flip),)
        return self.get(network, want)

    def _fill(self, network: Network, want: Want, paths: dict[str, Path]) -> dict[str, Activations]:
        """Compute what is absent in one pass, and open it."""
        try:
            self._compute(network, want, paths, dtype=np.float16)
        except _TooLargeError:
            LOG.info("values beyond float16, kept as float32")
            self._compute(network, want, paths, dtype=np.float32)
        return {name: np.load(path, mmap_mode="r") for name, path in paths.items()}

    def _compute(self, network: Network, want: Want, paths: dict[str, Path], *, dtype: Any) -> None:
        part = network.frozen_between(want.starts, tuple(paths))
        earlier = Want(want.split, want.starts, want.flip, activity=want.activity)
        sources = self.inputs(network, earlier)
        rows = len(want.split.pixels)
        partials = [path.with_name(f".partial-{uuid.uuid4().hex}.npy") for path in paths.values()]
        try:
            arrays = [
                np.lib.format.open_memmap(
                    partial, mode="w+", dtype=dtype, shape=(rows, *output.shape[1:])
                )
                for partial, output in zip(partials, part.outputs, strict=True)
            ]
            for first in track(range(0, rows, _BATCH), want.activity):
                chunk = slice(first, first + _BATCH)
                inputs = [np.asarray(source[chunk], dtype=np.float32) for source in sources]
                for array, values in zip(arrays, _answers(part, inputs), strict=True):
                    if dtype is np.float16 and np.abs(values).max(initial=0.0) > _FLOAT16_MAX:
                        raise _TooLargeError
                    array[chunk] = values
            for array, partial, path in zip(arrays, partials, paths.values(), strict=True):
                array.flush()
                partial.replace(path)
        finally:
            for partial in partials:
                partial.unlink(missing_ok=True)

    def _evict(self, *, keep: set[Path]) -> None:
        """Drop the least recently used entries; a run that has one mapped keeps its pages."""
        now = time.time()
        for partial in self.root.glob(".partial-*"):
            with contextlib.suppress(FileNotFoundError):
                if now - partial.stat().st_mtime > _STALE_PARTIAL_S:
                    partial.unlink()
        total = 0
        for entry in sorted(_entries(self.root), key=lambda e: e.used, reverse=True):
            total += entry.size
            if total > self.limit_bytes and entry.path not in keep:
                entry.path.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Entry:
    path: Path
    used: float
    size: int


def _entries(root: Path) -> Iterator[_Entry]:
    for path in root.glob("[!.]*.npy"):
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            yield _Entry(path, status.st_mtime, status.st_size)


def _answers(part: keras.Model, inputs: list[Activations]) -> list[Activations]:
    answers = part.predict_on_batch(as_fed(inputs))
    several = isinstance(answers, list | tuple)
    return [np.asarray(values) for values in (answers if several else [answers])]


def _key(network: Network, layer: str, want: Want) -> str:
    frozen = network.between((INPUT,), (layer,))
    parts = [
        _FORMAT,
        weights_sha256(frozen),
        layer,
        str(frozen.input_shape),
        want.split.content_sha256,
        f"flip {want.flip}",
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _open(path: Path, *, rows: int) -> Activations | None:
    """Map an entry, or None when there is none or it is damaged."""
    try:
        array: Activations = np.load(path, mmap_mode="r")
    except FileNotFoundError:
        return None
    except (ValueError, OSError, EOFError):
        path.unlink(missing_ok=True)
        return None
    if len(array) != rows:
        return None
    with contextlib.suppress(OSError):
        path.touch()
    return array
