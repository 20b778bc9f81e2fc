"""Remove versions that nobody needs any more."""

import logging
from collections.abc import Collection
from pathlib import Path

from components.common.artifacts.passport import mark
from components.deploy.candidates import remove_candidate
from components.deploy.layout import remove, remove_reference, retired, versions

LOG = logging.getLogger(__name__)


def prune(model_dir: Path, *, keep: int, in_use: Collection[int] = ()) -> tuple[int, ...]:
    """Delete old versions with all that is kept of them but their passports.

    The caller holds the lock.

    Args:
        model_dir: `<base path>/<model name>`.
        keep: how many of the newest stay, at least 2 (the serving one and the one before).
        in_use: versions that a server serves by number or label; they stay too.

    Returns:
        The numbers removed. A folder that cannot be removed is only warned of: the version
        that was just published serves all the same.
    """
    kept = versions(model_dir)[-max(keep, 2) :]
    oldest = kept[0].number if kept else 0
    old = [v for v in (*versions(model_dir), *retired(model_dir)) if v.number < oldest]
    removed: list[int] = []
    for version in old:
        if version.number in in_use:
            continue
        try:
            remove(version.path)
            remove_reference(model_dir, version.number)
            remove_candidate(model_dir, version.number)
            mark(model_dir, version.number, "pruned")
        except OSError as error:
            LOG.warning("version %d could not be removed: %s", version.number, error)
        else:
            removed.append(version.number)
    return tuple(removed)
