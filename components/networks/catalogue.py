"""All backbones with what is known of them, found in the folder; Keras is not imported."""

import os
from dataclasses import dataclass
from pathlib import Path

from components.common import plugins
from components.networks.config import BACKBONES

_WEIGHT_SUFFIXES = (".h5", ".keras")


@dataclass(frozen=True)
class Entry:
    """One variant of one family.

    name: what `train.backbone` takes; "keras_hub/PRESET" stands for any preset.
    parameters: without the top; None where it depends on the preset.
    size_px: the edge of the pictures it was pretrained on; None likewise.
    licence: of its pretrained weights.
    files: weights that are on this machine: paths for `train.weights`, or files of Keras' cache,
        which `train.weights=imagenet` uses.
    """

    name: str
    parameters: int | None
    size_px: int | None
    licence: str
    files: tuple[str, ...]


def keras_cache() -> Path:
    """Return the folder that Keras downloads to."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"


def entries(weights: Path, cached: Path) -> tuple[Entry, ...]:
    """Return every variant, families in alphabetical order, the default variant first.

    Args:
        weights: the project's folder of weights.
        cached: the folder that Keras downloads to.
    """
    rows: list[Entry] = []
    for family in plugins.names(BACKBONES):
        module = plugins.load(BACKBONES, family)
        if not module.FACTS:
            rows.append(Entry(f"{family}/PRESET", None, None, module.LICENCE, ()))
        for variant, facts in module.FACTS.items():
            is_default = variant == next(iter(module.FACTS))
            own = [
                path
                for path in sorted(weights.glob("*"))
                if path.suffix in _WEIGHT_SUFFIXES
                and _is_for(path.stem, family, variant, is_default)
            ]
            of_keras = sorted(cached.glob(facts.keras_file)) if facts.keras_file else []
            rows.append(
                Entry(
                    name=f"{family}/{variant}".rstrip("/"),
                    parameters=facts.parameters,
                    size_px=facts.size_px,
                    licence=module.LICENCE,
                    files=tuple(str(path) for path in (*own, *of_keras)),
                )
            )
    return tuple(rows)


def _is_for(stem: str, family: str, variant: str, is_default: bool) -> bool:
    """Say by a file's name: family and variant, or the family alone for its default variant.

    Only whole words count, so that "resnet_v2_ours" is not taken for a ResNet.
    """
    if not stem.startswith(family):
        return False
    others = [name for name in plugins.names(BACKBONES) if len(name) > len(family)]
    if any(stem.startswith(name) for name in others):
        return False
    rest = stem.removeprefix(family).lstrip("_-")
    if variant and (rest == variant or rest.startswith((f"{variant}_", f"{variant}-"))):
        return True
    named = filter(None, plugins.load(BACKBONES, family).FACTS)
    return is_default and not any(rest.startswith(name) for name in named)
