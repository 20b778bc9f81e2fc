"""Tell a model registry of a published version."""

from dataclasses import dataclass
from pathlib import Path

from components.common import plugins
from components.common.artifacts.model_folder import ModelVersion, passport_page_path, passport_path
from components.common.artifacts.passport import Passport
from components.common.errors import ConfigError, PublishError, UnreachableError

REGISTRIES = "pipelines.passports.registries"
SHA256 = "graft.model_sha256"


@dataclass(frozen=True, kw_only=True)
class RegistryEntry:
    """What a registry receives.

    folder: the version's, with its SavedModel.
    stored_at: the address that others find the files under, "" where nobody said so.
    passport, page: the version's passport as JSON, and the same for people.
    facts: what identifies it, by tag: text.
    figures: of the evaluation; a name with "_low" or "_high" is an end of the 95 % interval.
    """

    name: str
    version: int
    folder: Path
    stored_at: str
    passport: Path
    page: Path
    description: str
    facts: dict[str, str]
    figures: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Registered:
    """How the registry calls the version; `already` says that it knew it."""

    name: str
    version: str
    already: bool


def register(
    version: ModelVersion, passport: Passport, *, to: str, uri: str, stored_at: str = ""
) -> Registered:
    """Register a version; one that is there already stays as it is.

    Args:
        version: the published version.
        passport: its page.
        to: a file name in `registries/`.
        uri: the registry's address.
        stored_at: the address that others find the version's files under.

    Raises:
        ConfigError: there is no such registry, its package is not installed, or it refuses the
            address or the login.
        UnreachableError: nobody answers at the address.
        PublishError: the registry has another model under this name and number, or refuses it.
    """
    model_dir = version.path.parent
    word = passport.verdict.word
    entry = RegistryEntry(
        name=passport.model_name,
        version=version.number,
        folder=version.path,
        stored_at=stored_at,
        passport=passport_path(model_dir, version.number),
        page=passport_page_path(model_dir, version.number),
        description=f"Graft: {passport.backbone}, {passport.method}; verdict: {word}",
        facts={
            "graft.version": str(version.number),
            SHA256: passport.model_sha256,
            "graft.verdict": word,
            "graft.run_id": passport.run_id,
            "graft.commit": passport.commit,
            "graft.data_sha256": passport.data_sha256,
            "graft.classes": ", ".join(passport.classes),
        },
        figures={
            f"{one.name}{end}": value
            for one in passport.metrics
            for end, value in (("", one.value), ("_low", one.low), ("_high", one.high))
        },
    )
    found: Registered = plugins.load(REGISTRIES, to).register(entry, uri=uri)
    return found


def check_same(entry: RegistryEntry, sha256: str | None, *, where: str) -> None:
    """Refuse a registry's version of this number that is another model.

    Args:
        entry: what is to be registered.
        sha256: what the registry says of the one that it has.
        where: the registry's address.

    Raises:
        PublishError: they differ.
    """
    if sha256 != entry.facts[SHA256]:
        raise PublishError(
            f"version {entry.version} of '{entry.name}' at {where} to be the same model",
            received="one with other files",
            do="delete it there, or register under another model name",
        )


def not_installed(package: str, extra: str) -> ConfigError:
    """Say which extra brings a registry's package."""
    return ConfigError(
        f"the package {package}",
        received="an installation without it",
        do=f"pip install 'graft-vision[{extra}]'",
    )


def unreachable(kind: str, uri: str, reason: str) -> UnreachableError:
    """Say that nobody answers at a registry's address."""
    return UnreachableError(f"{kind} at {uri}", received=reason, do="start it, or correct --uri")
