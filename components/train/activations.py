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
from components.train.data import Split, network_pixels
from components.train.network import INPUT, Network
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
    """Which activations: of `split`, after layer `layer`, of pixels flipped by `flip`.

    start: compute from the (cached) activations of this layer instead of from pixels. It saves
        time and does not change what is meant, so it is not part of the key.
    """

    split: Split
    layer: str
    flip: tuple[bool, bool] = (False, False)
    start: str = INPUT
    activity: str = "computing features"


@dataclass(frozen=True)
class ActivationCache:
    """Activations below a folder, the least recently used dropped beyond `limit_bytes`."""

    root: Path
    limit_bytes: int

    def get(self, network: Network, want: Want) -> Activations:
        """Return activations, float16 (float32 where the values need it), memory-mapped.

        Shape [rows of the split, ...layer shape], rows ordered as the split's pixels. The layers
        up to `want.layer` must still have the weights they are meant to be frozen at.
        """
        frozen = network.between(INPUT, want.layer)
        path = self.root / f"{_key(frozen, want)}.npy"
        found = _open(path, rows=len(want.split.pixels))
        if found is not None:
            LOG.info("%s: taken from the cache", want.layer)
            return found
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            self._compute(network, want, path, dtype=np.float16)
        except _TooLargeError:
            LOG.info("%s: values beyond float16, kept as float32", want.layer)
            self._compute(network, want, path, dtype=np.float32)
        mapped: Activations = np.load(path, mmap_mode="r")
        self._evict(keep=path)
        return mapped

    def _compute(self, network: Network, want: Want, path: Path, *, dtype: Any) -> None:
        part = network.frozen_between(want.start, want.layer)
        shape = (len(want.split.pixels), *part.output_shape[1:])
        partial = path.with_name(f".partial-{uuid.uuid4().hex}.npy")
        try:
            array = np.lib.format.open_memmap(partial, mode="w+", dtype=dtype, shape=shape)
            starts = range(0, shape[0], _BATCH)
            source = self._source(network, want)
            for first in track(starts, want.activity):
                rows = slice(first, first + _BATCH)
                values = np.asarray(part.predict_on_batch(_inputs(source, rows, want)))
                if dtype is np.float16 and np.abs(values).max(initial=0.0) > _FLOAT16_MAX:
                    raise _TooLargeError
                array[rows] = values
            array.flush()
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def _source(self, network: Network, want: Want) -> Activations:
        if want.start == INPUT:
            return want.split.pixels
        earlier = Want(want.split, want.start, want.flip, activity=want.activity)
        return self.get(network, earlier)

    def _evict(self, *, keep: Path) -> None:
        """Drop the least recently used entries; a run that has one mapped keeps its pages."""
        now = time.time()
        for partial in self.root.glob(".partial-*"):
            with contextlib.suppress(FileNotFoundError):
                if now - partial.stat().st_mtime > _STALE_PARTIAL_S:
                    partial.unlink()
        total = 0
        for entry in sorted(_entries(self.root), key=lambda e: e.used, reverse=True):
            total += entry.size
            if total > self.limit_bytes and entry.path != keep:
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


def _inputs(source: Activations, rows: slice, want: Want) -> Activations:
    if want.start == INPUT:
        return network_pixels(source[rows], want.flip)
    return np.asarray(source[rows], dtype=np.float32)


def _key(frozen: keras.Model, want: Want) -> str:
    parts = [
        _FORMAT,
        weights_sha256(frozen),
        want.layer,
        str(frozen.input_shape),
        want.split.content_sha256,
        f"flip {want.flip}",
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _open(path: Path, *, rows: int) -> Activations | None:
    """Map an entry, or None when there is none or it is damaged."""
    try:
        array = np.load(path, mmap_mode="r")
    except FileNotFoundError:
        return None
    except (ValueError, OSError, EOFError):
        path.unlink(missing_ok=True)
        return None
    if len(array) != rows:
        return None
    with contextlib.suppress(OSError):
        path.touch()
    return np.asarray(array) if array.ndim == 2 else array
