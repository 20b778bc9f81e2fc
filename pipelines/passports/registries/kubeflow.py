"""Kubeflow's model registry: a version by its number, with figures and passport as properties.

The registry stores no files: it keeps where they are.
"""

import asyncio
import logging
import warnings
from collections.abc import Coroutine
from typing import Any, TypeVar

from components.common.errors import ConfigError, PublishError, first_line
from pipelines.passports.register import (
    SHA256,
    Registered,
    RegistryEntry,
    check_same,
    not_installed,
    unreachable,
)

T = TypeVar("T")

AUTHOR = "graft"
FORMAT, FORMAT_VERSION = "tensorflow-savedmodel", "2"


def register(entry: RegistryEntry, *, uri: str) -> Registered:
    """Register a version.

    Raises:
        ConfigError: the client is not installed, or has no token for https.
        UnreachableError: nobody answers at the address.
        PublishError: the registry has another model under this number, or refuses this one.
    """
    try:
        from aiohttp import ClientError
        from model_registry import ModelRegistry
        from model_registry.exceptions import StoreError
        from mr_openapi.exceptions import ApiException, UnauthorizedException
    except ImportError:
        raise not_installed("model-registry", "model-registry") from None
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "User access token is missing")
            client = ModelRegistry(uri, author=AUTHOR, log_level=logging.ERROR, async_runner=_run)
        return _registered(client, entry, uri=uri)
    except UnauthorizedException:
        raise _no_token(uri, "none that it accepts") from None
    except StoreError as error:
        if "user token" in str(error):
            raise _no_token(uri, "none") from None
        raise _refused(entry, uri, error) from None
    except ApiException as error:
        raise _refused(entry, uri, error) from None
    except (TimeoutError, ClientError, OSError) as error:
        raise unreachable("a model registry", uri, first_line(error)) from None


def _registered(client: Any, entry: RegistryEntry, *, uri: str) -> Registered:
    number = str(entry.version)
    found = Registered(name=entry.name, version=number, already=True)
    known = client.get_registered_model(entry.name) and client.get_model_version(entry.name, number)
    if known:
        check_same(entry, (known.custom_properties or {}).get(SHA256), where=uri)
        if client.get_model_artifact(entry.name, number) is not None:
            return found
        raise PublishError(
            f"version {number} of '{entry.name}' at {uri} to say where its files are",
            received="one that was registered half",
            do="delete it there, and register again",
        )
    client.register_model(
        entry.name,
        entry.stored_at or entry.folder.as_uri(),
        version=number,
        version_description=entry.description,
        model_format_name=FORMAT,
        model_format_version=FORMAT_VERSION,
        metadata={**entry.facts, **entry.figures, "graft.passport": entry.passport.read_text()},
    )
    return Registered(name=entry.name, version=number, already=False)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run one call; without this the client changes how all loops of the process work."""
    return asyncio.run(work)


def _no_token(uri: str, received: str) -> ConfigError:
    return ConfigError(
        f"a token for {uri}",
        received=received,
        do="name its file in the environment variable KF_PIPELINES_SA_TOKEN_PATH",
    )


def _refused(entry: RegistryEntry, uri: str, error: Exception) -> PublishError:
    return PublishError(
        f"the model registry at {uri} to take '{entry.name}'",
        received=f"'{first_line(error)}'",
        do="correct what it names",
    )
