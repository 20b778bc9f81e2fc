"""Start a warm parent, use it, and end it."""

import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from components.common.warm import launcher

# The address of the parent that this process may use; "" without one.
_address = ""


@contextlib.contextmanager
def started(
    small: Sequence[str], large: Sequence[str], *, environment: Mapping[str, str]
) -> Iterator[None]:
    """Have a warm parent for the length of the block, where this system can have one.

    Args:
        small: modules that every program needs; they are imported at once.
        large: modules that some need; imported once a program works for longer than a moment.
        environment: more variables to import under.
    """
    # Forks and passed descriptors are for Linux alone, and who has a GPU has its driver to fear.
    if not sys.platform.startswith("linux") or Path("/proc/driver/nvidia").exists():
        yield
        return
    address = f"graft-{secrets.token_hex(16)}"
    command = [sys.executable, "-m", "components.common.warm.parent", address]
    with (
        subprocess.Popen(
            [*command, ",".join(small), ",".join(large)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=child_environment() | dict(environment),
            start_new_session=True,
        ) as parent,
        _at(address),
    ):
        try:
            yield
        finally:
            # It ends, and all that it forked, when its standard input does.
            if parent.stdin is not None:
                parent.stdin.close()


@contextlib.contextmanager
def _at(address: str) -> Iterator[None]:
    before = here()
    belongs_to(address)
    try:
        yield
    finally:
        belongs_to(before)


def child_environment() -> dict[str, str]:
    """Return the environment for a Python program of ours.

    Without the variable Python would look for packages in the folder that the user stands in, and
    take a folder "components" or "serving" there for ours.
    """
    return {**os.environ, "PYTHONSAFEPATH": "1"}


def here() -> str:
    """Return the address of the warm parent that this process may use, "" without one."""
    return _address


def belongs_to(address: str) -> None:
    """Say which warm parent this process may use."""
    global _address
    _address = address


def interpreter(names: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a command that come before "-m", "MODULE" and its arguments.

    Args:
        names: arguments of which any says that the program needs the large modules.
    """
    if not _address:
        return (sys.executable,)
    script = str(Path(launcher.__file__).resolve())
    return (sys.executable, "-I", "-S", script, _address, ",".join(names))
