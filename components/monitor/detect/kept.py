"""Thresholds on disk: found once for a reference and a kind of window, and kept.

<base path>/<model name>/decisions/thresholds/<key>.json

The key is a digest of the reference's content, the settings, the kind of window and of this room's
code, so that a release that measures otherwise finds its own.
"""

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

from components.common.artifacts.records import read_record, write_record
from components.common.errors import GraftError
from components.common.step_cache import sources_sha256
from components.monitor.detect.thresholds import FamilyThresholds

LOG = logging.getLogger(__name__)


def kept(folder: Path | None, key: str, find: Callable[[], FamilyThresholds]) -> FamilyThresholds:
    """Return what stands in the folder; find and keep it if nothing does, or it is damaged.

    Args:
        folder: where; None keeps nothing.
        key: says all that the thresholds depend on, but for the code.
        find: takes seconds.
    """
    if folder is None:
        return find()
    code = sources_sha256([Path(__file__).parent])
    path = folder / f"{hashlib.sha256(f'{code} {key}'.encode()).hexdigest()[:32]}.json"
    if path.exists():
        try:
            return read_record(path, FamilyThresholds)
        except GraftError as error:
            LOG.warning("%s cannot be read and is found again: %s", path, error)
    found = find()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_record(path, found)
    except OSError as error:
        # A full or read-only volume costs time at the next look, and nothing else.
        LOG.warning("thresholds cannot be kept in %s: %s", folder, error)
    return found
