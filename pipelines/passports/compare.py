"""What differs between two versions: data, settings, model, figures."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass

from components.common import config
from components.common.artifacts.judging.figures import Metric
from components.common.artifacts.passport import DataPage, Passport
from components.common.errors import ConfigError, DataError
from components.common.statistics.figures import LABELS
from pipelines.config import resolve

# Where a version is put, and what it is called, is no part of how it was made.
_PLACES = {"model_base_path"}
NOTHING = "–"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One line: the part of the passport, what it is about, and the two values as text."""

    part: str
    name: str
    first: str
    second: str


@dataclass(frozen=True, kw_only=True)
class PassportDiff:
    """Two passports beside each other.

    same_model: the files are the same, byte by byte, so the answers are too.
    """

    same_model: bool
    differences: tuple[Difference, ...]


def compare(first: Passport, second: Passport) -> PassportDiff:
    """Return what differs; what neither passport knows is left out."""
    return PassportDiff(
        same_model=first.model_sha256 == second.model_sha256,
        differences=tuple(one for one in side_by_side(first, second) if one.first != one.second),
    )


def side_by_side(first: Passport, second: Passport) -> tuple[Difference, ...]:
    """Return a line for all that at least one of the passports knows, also where they agree."""
    every = [name for one in (first, second) for name, _ in config.leaves(one.settings)]
    written = [name for name in dict.fromkeys(every) if name.rpartition(".")[2] not in _PLACES]
    parts = {
        "data": (_data(first), _data(second)),
        "model": (_model(first), _model(second)),
        "settings": (_settings(first, written), _settings(second, written)),
        "figures": (_figures(first), _figures(second)),
        "verdict": (_verdict(first), _verdict(second)),
    }
    return tuple(
        Difference(
            part=part, name=name, first=one.get(name, NOTHING), second=other.get(name, NOTHING)
        )
        for part, (one, other) in parts.items()
        for name in dict.fromkeys([*one, *other])
    )


def _data(passport: Passport) -> dict[str, str]:
    page = passport.data
    if page is None:
        return {"pinned": passport.data_sha256[:12]} if passport.data_sha256 else {}
    return {
        "name": page.name,
        "digest": page.sha256[:12],
        "licence": page.licence or "not stated",
        "splits": f"{page.protocol or 'unknown'}, seed {page.split_seed}",
        "evidence": passport.evidence.replace("_", "-"),
        **_sizes(page),
        **{f"warning: {finding}": "yes" for finding in page.findings},
    }


def _sizes(page: DataPage) -> dict[str, str]:
    total: dict[str, int] = {}
    for size in page.splits:
        for name in (f"pictures, {size.split}", f"pictures of '{size.label}'"):
            total[name] = total.get(name, 0) + size.pictures
    return {name: str(count) for name, count in total.items()}


def _model(passport: Passport) -> dict[str, str]:
    found = {
        "digest": passport.model_sha256[:12],
        "network": passport.backbone,
        "method": passport.method,
        "picture size": f"{passport.image_size_px} px, {passport.fit}",
        "classes": ", ".join(passport.classes),
        "weights": passport.weights,
        "commit": passport.commit[:12],
    }
    return {name: value for name, value in found.items() if value}


def _settings(passport: Passport, written: Iterable[str]) -> dict[str, str]:
    """Return what holds for each setting that one of the two passports writes out."""
    plain = passport.settings
    # An older version may have settings that are unknown by now.
    with contextlib.suppress(ConfigError, DataError):
        plain = config.to_plain(resolve(plain)) if plain else {}
    holds = dict(config.leaves(plain))
    return {name: str(holds[name]) for name in written if name in holds}


def _figures(passport: Passport) -> dict[str, str]:
    named = {LABELS.get(one.name, one.name): with_interval(one) for one in passport.metrics}
    named |= {
        f"{LABELS.get(one.name, one.name)} of '{part.name}'": with_interval(one)
        for part in passport.per_class
        for one in part.metrics
    }
    return named | {"pictures": f"{passport.test_pictures} in {passport.test_groups} groups"}


def with_interval(metric: Metric) -> str:
    """Return "0.912 (0.881 to 0.940)"."""
    return f"{metric.value:.3f} ({metric.low:.3f} to {metric.high:.3f})"


def _verdict(passport: Passport) -> dict[str, str]:
    override = passport.verdict.override
    by = f"{override.by}: {override.reason}" if override else "none"
    return {"word": passport.verdict.word, "override": by}
