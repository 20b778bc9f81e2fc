"""What people have been asked before: one line a picture, beside the prediction log.

<log>/<model>/asked.jsonl: appended to and flushed, so that a kill costs at most its last line.
"""

import contextlib
import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from pathlib import Path

from components.common.files import append_lines, locked
from components.label.format_contract import QueueItem

LEDGER = "asked.jsonl"


@dataclass(frozen=True, kw_only=True)
class AskedPicture:
    """One picture that was put into a queue, and what the log knew of it."""

    sha256: str
    asked_unix_s: float
    time_unix_s: float
    version: int
    suggestion: str
    group: str = ""
    line: str = ""
    camera: str = ""


def read_asked(root: Path) -> dict[str, AskedPicture]:
    """Return what was asked, by the picture's SHA-256; lines that are damaged are left out.

    Args:
        root: one model's log, as from `prediction_log.model_log`.
    """
    path = root / LEDGER
    if not path.is_file():
        return {}
    found = {}
    for line in path.read_text(errors="replace").splitlines():
        with contextlib.suppress(ValueError, TypeError):
            one = AskedPicture(**json.loads(line))
            found[one.sha256] = one
    return found


def note_asked(root: Path, items: Sequence[QueueItem], *, asked_unix_s: float) -> None:
    """Add a line an item; the caller holds `asking(root)`."""
    names = [field.name for field in fields(AskedPicture) if field.name != "asked_unix_s"]
    lines = (
        json.dumps({name: getattr(item, name) for name in names} | {"asked_unix_s": asked_unix_s})
        for item in items
    )
    append_lines(root / LEDGER, "".join(f"{line}\n" for line in lines))


def asking(root: Path) -> AbstractContextManager[None]:
    """Hold the ledger for the block, so that two queues never ask the same."""
    return locked(root, holder="another label queue")
