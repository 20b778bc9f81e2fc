"""Policies one after the other, as a preset lists them; nothing here imports Keras.

policy: flips_shifts_light                                  # one, as it is
policy: [{flips: {up_down: false}}, {rotation: {degrees: 3}}, jpeg]
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from components.common import config, plugins
from components.common.augmentation.policies._keras import made, random_view
from components.common.config import FreeForm
from components.common.errors import ConfigError
from components.common.pictures.decode import Pixels
from components.common.seeding import generator

POLICIES = "components.common.augmentation.policies"

# A name, or {name: its options}.
PolicyEntry = str | FreeForm


@dataclass(frozen=True, kw_only=True)
class PolicyItem:
    """One policy by its name, and the options that were set, as they were written."""

    name: str
    options: FreeForm = field(default_factory=dict)


@dataclass(frozen=True)
class Applied:
    """One policy, loaded and checked."""

    name: str
    module: ModuleType
    options: Any

    def view(self, pixels: Pixels, *, number: int, rng: np.random.Generator) -> Pixels:
        """Return one view, uint8 [S, S, C]; of a grey picture none where only colour changes."""
        if pixels.shape[-1] == 1 and getattr(self.module, "COLOUR_ONLY", False):
            return pixels
        if hasattr(self.module, "layer"):
            return random_view(made(self.module.layer, self.options), pixels, rng)
        seen: Pixels = self.module.view(pixels, number=number, rng=rng, options=self.options)
        return seen


@dataclass(frozen=True)
class Composition:
    """Policies in the order in which a view goes through them."""

    applied: tuple[Applied, ...]
    seed: int

    @classmethod
    def of(cls, items: Sequence[PolicyItem], *, seed: int) -> "Composition":
        """Load policies and check their options.

        Raises:
            ConfigError: there is no such policy, or no such option of it.
        """
        return cls(tuple(_applied(item) for item in items), seed)

    @property
    def changes_anything(self) -> bool:
        """Whether a view may differ from its picture."""
        return any(one.name != "none" for one in self.applied)

    def view(self, pixels: Pixels, *, sha256: str, number: int) -> Pixels:
        """Return one view of a picture, the same for the same seed, digest and number.

        Args:
            pixels: uint8 [S, S, C].
            sha256: of the encoded picture. Seeded by it and not by a place, views stay as they were
                when pictures are added.
            number: of the view, from 1.
        """
        rng = generator(self.seed, "augment", sha256, str(number))
        for one in self.applied:
            pixels = one.view(pixels, number=number, rng=rng)
        return pixels


def parsed(policy: str | Sequence[PolicyEntry]) -> tuple[PolicyItem, ...]:
    """Return what a preset lists, in its order; an empty list is `none`.

    Raises:
        ConfigError: an entry names more or less than one policy.
    """
    entries: Sequence[PolicyEntry] = [policy] if isinstance(policy, str) else policy
    return tuple(_item(entry) for entry in entries or ["none"])


def _item(entry: PolicyEntry) -> PolicyItem:
    if isinstance(entry, str):
        return PolicyItem(name=entry)
    if len(entry) != 1:
        raise ConfigError(
            "a policy's name, or {name: {option: value}} with one name, in augment.policy",
            received=repr(entry),
            do="begin an entry of the list for each policy",
        )
    ((name, options),) = entry.items()
    if not isinstance(options, dict):
        raise ConfigError(
            f"{{option: value}} for '{name}' in augment.policy",
            received=repr(options),
            do="name the option",
        )
    return PolicyItem(name=name, options=options)


def _applied(item: PolicyItem) -> Applied:
    module = plugins.load(POLICIES, item.name)
    options = config.load(module.Options, item.options, where=f"augment.policy.{item.name}")
    return Applied(item.name, module, options)
