"""A bounded sample of the pictures, for people to look at.

Kept are the pictures with the smallest SHA-256: a uniform sample of the distinct pictures (bottom-k
sampling, Cohen and Kaplan 2007), that needs no memory but the folder itself. So it survives a
restart, and several writers share it without talking to each other.
"""

import contextlib
import time
from pathlib import Path

from components.common.files import write_bytes


class Reservoir:
    """Keeps at most `count` pictures and `size_bytes` in a folder.

    Args:
        folder: the model's `pictures`.
        count: the most pictures; 0 keeps none, not even those that are there.
        size_bytes: the most they may take together.
        keep_s: pictures older than this are removed, in seconds.
    """

    def __init__(self, folder: Path, *, count: int, size_bytes: int, keep_s: float) -> None:
        self._folder = folder
        self._count = count
        self._size_bytes = size_bytes
        self._keep_s = keep_s
        self._sizes: dict[str, int] = {}
        self.tidy()

    def __len__(self) -> int:
        return len(self._sizes)

    def offer(self, data: bytes, *, sha256: str, suffix: str) -> bool:
        """Keep a picture if it belongs to the sample; tell whether it was written.

        Args:
            data: the encoded picture.
            sha256: of `data`, in hexadecimal.
            suffix: of the file, with its dot.

        Raises:
            OSError: it belongs, but cannot be written.
        """
        name = f"{sha256}{suffix}"
        if name in self._sizes or len(data) > self._size_bytes or not self._belongs(name, data):
            return False
        self._folder.mkdir(parents=True, exist_ok=True)
        write_bytes(self._folder / name, data, durable=False)
        self._sizes[name] = len(data)
        self._shrink()
        return name in self._sizes

    def tidy(self) -> None:
        """Look at the folder again and remove what is too old or too much."""
        if not self._folder.is_dir():
            self._sizes = {}
            return
        found: dict[str, int] = {}
        oldest = time.time() - self._keep_s
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                facts = path.stat()
                if facts.st_mtime < oldest:
                    path.unlink()
                elif not path.name.startswith("."):  # else one that is being written
                    found[path.name] = facts.st_size
        self._sizes = found
        self._shrink()

    def _belongs(self, name: str, data: bytes) -> bool:
        if self._count == 0:
            return False
        total = sum(self._sizes.values()) + len(data)
        full = len(self._sizes) >= self._count or total > self._size_bytes
        # Names begin with the digest, so their order is that of the digests.
        return not full or name < max(self._sizes, default="")

    def _shrink(self) -> None:
        while len(self._sizes) > self._count or sum(self._sizes.values()) > self._size_bytes:
            name = max(self._sizes)
            del self._sizes[name]
            with contextlib.suppress(FileNotFoundError):
                (self._folder / name).unlink()
