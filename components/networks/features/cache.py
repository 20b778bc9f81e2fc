"""The frozen part of the network, computed once per picture and view, kept on disk.

What is kept is keyed by everything its values depend on: the weights and structure of the frozen
part, its last layer, the precision it was computed in, the flip (together the family), and the
pixels of each row (hence resolution and augmentation). Another split of the same pictures, or the
same split with new ones, takes the rows that are there and computes the others. Two runs may fill
the cache side by side: both write, one wins, both are right.
"""

import hashlib
import json
import logging
import weakref
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from components.common.files import forget_pages
from components.common.progress import track
from components.networks.config import INPUT, NetworkConfig, Precision
from components.networks.data import Split
from components.networks.fast.folding import fold_batch_norm
from components.networks.fast.precision import chosen
from components.networks.features.answers import answers
from components.networks.features.store import Activations, ActivationStore, Draft, EntryName
from components.networks.memory import halving_batch
from components.networks.network import Network
from components.networks.rows import FlippedPixels, PickedRows, Rows, forget_rows
from components.networks.weights.digests import weights_sha256

LOG = logging.getLogger(__name__)

_BATCH = 32
_COPIED_ROWS = 256
_FLOAT16_MAX = float(np.finfo(np.float16).max)

# From a part of a network to what its copy hangs on, and that: splits are asked one by one.
_FOLDED: weakref.WeakKeyDictionary[Any, tuple[Any, Any]] = weakref.WeakKeyDictionary()
_STRUCTURES: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()


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
    """Activations below a folder, the least recently used dropped beyond `limit_bytes`.

    precision: what the frozen part is computed in; see `fold_batch_norm`.
    """

    root: Path
    limit_bytes: int
    precision: Precision = "float32"

    @classmethod
    def below(cls, root: Path, settings: NetworkConfig) -> "ActivationCache":
        """Return the cache that the settings ask for, in a folder of caches."""
        return cls(root / "activations", int(settings.cache_gb * 1e9), chosen(settings.precision))

    def get(self, network: Network, want: Want) -> tuple[Activations, ...]:
        """Return activations, float16 (float32 where the values need it), memory-mapped.

        One array a layer, [rows of the split, ...layer shape], rows ordered as the split's
        pixels. The layers must still have the weights they are meant to be frozen at. Of a
        selection's rows, which are taken from its origin's, a copy in memory.
        """
        origin = want.split.origin
        if origin is not None:
            whole = self.get(network, replace(want, split=origin.whole))
            return tuple(values[origin.rows] for values in whole)
        digests = want.split.digests
        names = {
            layer: EntryName(self._family(network, layer, want.flip), digests)
            for layer in want.layers
        }
        opened = {layer: self._store.find(name) for layer, name in names.items()}
        found = {layer: values for layer, values in opened.items() if values is not None}
        absent = {layer: name for layer, name in names.items() if layer not in found}
        if absent:
            try:
                found |= self._assemble(network, want, absent, dtype=np.float16)
            except _TooLargeError:
                LOG.info("values beyond float16, kept as float32")
                found |= self._assemble(network, want, absent, dtype=np.float32)
            self._store.evict(keep=names.values())
        else:
            LOG.info("%s: taken from the cache", ", ".join(want.layers))
        return tuple(found[layer] for layer in want.layers)

    def inputs(self, network: Network, want: Want) -> tuple[Rows, ...]:
        """Return what the part after the layers is fed from: activations, or pixels themselves.

        As `get`, but the layer "pixels" gives the network's own input, which needs no cache.
        """
        if INPUT in want.layers:
            pixels = FlippedPixels(want.split.pixels, want.flip)
            cached = tuple(layer for layer in want.layers if layer != INPUT)
            rest = iter(self.inputs(network, replace(want, layers=cached)) if cached else ())
            return tuple(pixels if layer == INPUT else next(rest) for layer in want.layers)
        origin = want.split.origin
        if origin is not None:
            whole = self.get(network, replace(want, split=origin.whole))
            return tuple(PickedRows(values, origin.rows) for values in whole)
        return self.get(network, want)

    @property
    def _store(self) -> ActivationStore:
        return ActivationStore(self.root, self.limit_bytes)

    def _assemble(
        self, network: Network, want: Want, names: dict[str, EntryName], *, dtype: Any
    ) -> dict[str, Activations]:
        """Make the entries that are absent, from rows of others where there are any."""
        with ExitStack() as stack:
            drafts = {}
            for layer, name in names.items():
                shape = tuple(network.model.get_layer(layer).output.shape[1:])
                draft = self._store.draft(name, row_shape=shape, dtype=dtype)
                drafts[layer] = stack.enter_context(draft)
            missing = set().union(*(_copy(self._store, draft) for draft in drafts.values()))
            total = len(want.split.pixels)
            LOG.info(
                "%s: %d of %d rows from earlier entries, the others are computed",
                ", ".join(drafts),
                total - len(missing),
                total,
            )
            if missing:
                self._compute(network, want, drafts, np.array(sorted(missing)))
            return {layer: draft.publish() for layer, draft in drafts.items()}

    def _compute(
        self, network: Network, want: Want, drafts: dict[str, Draft], missing: Any
    ) -> None:
        """Compute the missing rows of all drafts in one pass."""
        part = self._folded(network.between(want.starts, tuple(drafts)))
        earlier = Want(want.split, want.starts, want.flip, activity=want.activity)
        sources = self.inputs(network, earlier)
        done = 0

        def fill(batch: int) -> None:
            nonlocal done
            for first in track(range(done, len(missing), batch), want.activity):
                rows = missing[first : first + batch]
                # Filled up: another number of rows would be compiled once more, for seconds.
                asked = np.resize(rows, batch)
                # As they are: the network makes float32 of them, faster than NumPy.
                inputs = [np.asarray(source[asked]) for source in sources]
                for draft, values in zip(drafts.values(), answers(part, inputs), strict=True):
                    _put(draft, rows, values[: len(rows)])
                    forget_pages(draft.values)
                for source in sources:
                    forget_rows(source)
                done = first + len(rows)

        # Where the memory does not suffice it goes on from where it was, with half the pictures.
        halving_batch(fill, _BATCH)

    def _folded(self, part: keras.Model) -> keras.Model:
        """Return a part for inference, the one that is compiled where the weights are the same."""
        key = (weights_sha256(part), self.precision)
        if part not in _FOLDED or _FOLDED[part][0] != key:
            _FOLDED[part] = key, fold_batch_norm(part, precision=self.precision)
        return _FOLDED[part][1]

    def _family(self, network: Network, layer: str, flip: tuple[bool, bool]) -> str:
        frozen = network.between((INPUT,), (layer,))
        parts = [
            weights_sha256(frozen),
            _structure(frozen),
            layer,
            str(frozen.input_shape),
            self.precision,
            f"flip {flip}",
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _copy(store: ActivationStore, draft: Draft) -> set[int]:
    """Fill a draft with what earlier entries of its family hold; return the rows they lack."""
    positions: dict[bytes, list[int]] = {}
    for row, digest in enumerate(draft.name.digests):
        positions.setdefault(digest, []).append(row)
    for entry in store.relatives(draft.name.family):
        # Rows rounded to float16 are not what a float32 entry is for.
        if draft.values.dtype == np.float32 and entry.values.dtype != np.float32:
            continue
        pairs = [
            (source, row)
            for source, digest in enumerate(entry.digests)
            for row in positions.pop(digest, ())
        ]
        if pairs:
            entry.touch()
        for first in range(0, len(pairs), _COPIED_ROWS):
            sources, rows = np.array(pairs[first : first + _COPIED_ROWS]).T
            _put(draft, rows, entry.values[sources])
            forget_pages(draft.values)
            forget_pages(entry.values)
    return {row for rows in positions.values() for row in rows}


def _put(draft: Draft, rows: Any, values: Activations) -> None:
    narrow = draft.values.dtype == np.float16
    if narrow and np.abs(values).max(initial=0.0) > _FLOAT16_MAX:
        raise _TooLargeError
    draft.values[rows] = values


def _structure(model: keras.Model) -> str:
    """Return a digest of what the layers do in inference and of who reads whom, not of names."""
    if model in _STRUCTURES:
        return _STRUCTURES[model]
    place = {id(layer): number for number, layer in enumerate(model.operations)}
    described = []
    for layer in model.operations:
        found = layer.get_config().items()
        config = {key: value for key, value in found if key not in {"name", "trainable"}}
        # Cutting a network elsewhere calls its layers again; the first call is the network's own.
        sources = [
            place.get(id(tensor._keras_history.operation))
            for tensor in layer._inbound_nodes[0].input_tensors
        ]
        described.append([type(layer).__name__, config, sources])
    text = json.dumps(described, sort_keys=True, default=repr)
    return _STRUCTURES.setdefault(model, hashlib.sha256(text.encode()).hexdigest())
