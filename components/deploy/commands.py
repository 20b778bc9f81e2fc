"""What a person does by hand: take a version back, so that an earlier one serves again."""

import time
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.deployment import Switch, note_switch
from components.common.artifacts.model_folder import ModelVersion, versions
from components.common.errors import InputError
from components.common.files import sync_folder
from components.deploy.access import explained, model_folder, publishing
from components.deploy.versions import restore, retire, retired


@dataclass(frozen=True)
class RolledBack:
    """The version that serves now and those that were taken back."""

    serving: int
    retired: tuple[int, ...]


def rollback(
    base_path: Path,
    model_name: str,
    *,
    to: int | None = None,
    by: str = "",
    reason: str = "",
    timeout_s: float = 30.0,
) -> RolledBack:
    """Make an earlier version the newest one; a running server follows within seconds.

    What changed is noted beside the versions, see `Switch`.

    Args:
        base_path: absolute folder that holds `<model_name>/<version>/`.
        model_name: the model.
        to: the version that shall serve; None: the one before the newest. One that was taken
            back earlier can be restored.
        by, reason: who wants it and why, for the note.
        timeout_s: seconds to wait for a publish to end.

    Raises:
        InputError: there is no such version.
        PublishError: the folder cannot be written.
    """
    model_dir = model_folder(base_path, model_name)
    if not model_dir.is_dir():
        raise InputError(
            f"versions in {model_dir}",
            received="no such folder",
            do="check the model's name and base path",
        )
    with publishing(model_dir, timeout_s=timeout_s), explained(model_dir):
        target = _target(model_dir, to)
        restored = target.path.name.startswith(".")
        if restored:
            restore(model_dir, target)
        above = [v for v in versions(model_dir) if v.number > target.number]
        for version in reversed(above):
            retire(model_dir, version)
        sync_folder(model_dir)
        done = RolledBack(target.number, tuple(version.number for version in above))
        if restored or above:
            switch = Switch(at_unix_s=time.time(), by=by, reason=reason, **vars(done))
            note_switch(model_dir, switch)
    return done


def at_hand(model_dir: Path) -> tuple[int, ...]:
    """Return the versions that `rollback` can let serve, also those that were taken back."""
    return tuple(sorted(one.number for one in (*versions(model_dir), *retired(model_dir))))


def _target(model_dir: Path, to: int | None) -> ModelVersion:
    present = versions(model_dir)
    if to is None and len(present) >= 2:
        return present[-2]
    known = (*present, *retired(model_dir))
    found = next((version for version in known if version.number == to), None)
    if found is not None:
        return found
    numbers = ", ".join(str(number) for number in sorted({v.number for v in known})) or "none"
    wanted = "a version before the newest one" if to is None else f"version {to}"
    raise InputError(
        f"{wanted} in {model_dir}",
        received=f"the versions {numbers}",
        do="name one of them or publish again",
    )
