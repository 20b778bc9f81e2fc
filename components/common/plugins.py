"""Extension points are folders: the file name is the key.

`names("components.train.methods")` lists what is there, `load` imports one of them.
"""

import difflib
import importlib
import importlib.util
import pkgutil
from types import ModuleType

from components.common.errors import ConfigError


def names(package: str) -> tuple[str, ...]:
    """Return the sorted names of the public modules in a package, without importing them."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(package)
    found = (module.name for module in pkgutil.iter_modules(spec.submodule_search_locations))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def check(package: str, name: str) -> None:
    """Refuse a name that no file has, without importing any.

    Raises:
        ConfigError: there is no file of that name; the message lists those that are there.
    """
    known = names(package)
    if name not in known:
        kind = package.rpartition(".")[2]
        near = difflib.get_close_matches(name, known, n=1)
        raise ConfigError(
            f"one of the {kind} {', '.join(known)}",
            received=f"'{name}'",
            do=f"write '{near[0]}'" if near else "choose one of them",
        )


def load(package: str, name: str) -> ModuleType:
    """Import one extension by its file name.

    Raises:
        ConfigError: as `check`.
    """
    check(package, name)
    return importlib.import_module(f"{package}.{name}")
