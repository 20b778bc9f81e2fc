"""What DVC keeps of a folder in its cache and its remotes, made without DVC."""

import hashlib
import json
from pathlib import Path


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def objects(files: dict[str, bytes]) -> tuple[str, dict[str, bytes]]:
    """Return the revision of files, and what a remote holds of it, by name."""
    rows = [{"md5": md5(content), "relpath": name} for name, content in sorted(files.items())]
    listing = json.dumps(rows, sort_keys=True).encode()
    kept = {md5(content): content for content in files.values()}
    kept[f"{md5(listing)}.dir"] = listing
    placed = {f"files/md5/{name[:2]}/{name[2:]}": content for name, content in kept.items()}
    return f"{md5(listing)}.dir", placed


def contents(folder: Path, *, below: str = "") -> dict[str, bytes]:
    return {
        f"{below}{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def put(remote: Path, placed: dict[str, bytes]) -> None:
    for name, content in placed.items():
        (remote / name).parent.mkdir(parents=True, exist_ok=True)
        (remote / name).write_bytes(content)
