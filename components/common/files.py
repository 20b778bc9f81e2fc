"""Files and folders that are whole or absent, and one writer at a time.

What is written appears by a rename from a name in progress on the same volume, after its bytes are
on the disk. A reader finds the old or the new one, also after a kill or a power cut.
"""

import contextlib
import errno
import mmap
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from components.common.errors import GraftError, InputError

_PARTIAL = ".partial"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextlib.contextmanager
def new_file(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yield a name to write to; the file takes its own name when the block ends without an error.

    Args:
        path: the file; an older one is replaced. Its folder must be there.
        durable: flush it to the disk; False for what a power cut may cost.
    """
    partial = partial_name(path)
    try:
        yield partial
        if durable:
            _sync(partial)
        partial.replace(path)
        if durable:
            sync_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write or replace a file at once, as `new_file` does."""
    with new_file(path, durable=durable) as partial:
        partial.write_bytes(content)


def create(path: Path, content: bytes) -> bool:
    """Write a file unless one is there; return whether it was this call.

    Of several that try at once, on several machines too, one succeeds.
    """
    partial = partial_name(path)
    try:
        partial.write_bytes(content)
        _sync(partial)
        # Fails if the name exists, on network volumes as well.
        os.link(partial, path)
    except FileExistsError:
        return False
    finally:
        partial.unlink(missing_ok=True)
    sync_folder(path.parent)
    return True


def append_lines(path: Path, text: str) -> None:
    """Add whole lines to a file; they are on the disk when this returns. The caller holds a lock.

    A line that a crash has cut off stays one bad line and does not swallow the next one.
    """
    with path.open("a+b") as stream:
        size = stream.seek(0, os.SEEK_END)
        cut_off = size > 0 and os.pread(stream.fileno(), 1, size - 1) != b"\n"
        stream.write(b"\n" * cut_off + text.encode())
        stream.flush()
        os.fsync(stream.fileno())


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; it takes its own name when the block ends without an error.

    The files in it are flushed only if whoever writes them does so.

    Args:
        path: the folder; must not be there, or the rename fails. Missing parents are made.
    """
    partial = partial_name(path)
    partial.mkdir(parents=True)
    try:
        yield partial
        partial.rename(path)
        sync_folder(path.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def remove_folder(path: Path) -> None:
    """Delete a folder, if it is there, so that a reader never sees half of it."""
    if path.exists():
        doomed = partial_name(path)
        path.rename(doomed)
        shutil.rmtree(doomed)


def partial_name(path: Path) -> Path:
    """Return a fresh name beside `path` that readers pass over: it begins with a dot."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}{_PARTIAL}")


def remove_partials(folder: Path, *, of: str = "*") -> None:
    """Delete what killed writers left in a folder. Only while nobody writes there.

    Args:
        folder: where they wrote; need not exist.
        of: the name that they wrote; any without it.
    """
    for left in folder.glob(f".{of}.*{_PARTIAL}"):
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()


def sync_folder(path: Path) -> None:
    """Make the folder's entries survive a power cut, where the volume knows how."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Some network volumes refuse to sync a folder; there is nothing more to be done there.
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(
    path: Path,
    *,
    holder: str,
    timeout_s: float = -1.0,
    error: type[GraftError] = GraftError,
) -> Iterator[None]:
    """Hold the lock of a file or folder for the block. A process that dies lets go of it.

    The lock file lies beside `path`, never inside: a folder that is pinned, listed or served holds
    nothing but its data.

    Args:
        path: what is locked; it need not exist, its folder is made.
        holder: who may hold it at the moment ("another publish or rollback"), for the message.
        timeout_s: seconds to wait; below 0: as long as it takes.
        error: the class of what is raised.

    Raises:
        GraftError: it was held all the time, or the lock file cannot be written.
    """
    # Not needed to read anything, and every command imports this module.
    import filelock

    file = path.with_name(f".{path.name}.lock")
    # Whoever may write the data may take the lock, whichever user made its file.
    lock = filelock.FileLock(file, timeout=timeout_s, mode=0o666, fallback_to_soft=False)
    with explained(file.parent, error=error):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise error(
                f"{path} to be free within {timeout_s:g} s",
                received=f"{holder} at work there",
                do="wait for it to end, or stop it, and run again",
            ) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def explained(
    folder: Path, *, error: type[GraftError] = GraftError, remedies: Mapping[int, str] | None = None
) -> Iterator[None]:
    """Turn a failure of the file system within the block into `error`.

    Args:
        folder: what is written to.
        error: the class of what is raised.
        remedies: what to do, by `errno`, where more is known than free space and rights.
    """
    try:
        yield
    except OSError as problem:
        general = "give this user the right to write there, or free some space"
        do = (remedies or {}).get(problem.errno or 0, general)
        raise error(f"to write below {folder}", received=f"'{problem}'", do=do) from problem


@contextlib.contextmanager
def full_disk_named() -> Iterator[None]:
    """Turn the failure of a full disk within the block into an InputError; others pass.

    Raises:
        InputError: the volume or the user's share of it is full.
    """
    try:
        yield
    except OSError as problem:
        if problem.errno not in _FULL:
            raise
        where = f" for {problem.filename}" if problem.filename else ""
        raise InputError(
            f"room on the disk{where}",
            received=f"'{problem.strerror}'",
            do="free some space and run again; what is finished is kept",
        ) from problem


def reserve(path: Path) -> None:
    """Claim the blocks of a file of holes: writing to a map of a full disk kills the process.

    Raises:
        OSError: the disk has no room for it.
    """
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def forget_pages(array: object) -> None:
    """Let go of the pages of a memory-mapped array; others are left alone.

    What was written to it stays in its file, and what is read again is read from there. Without
    this the whole file counts as this process's memory for as long as there is room.
    """
    mapped = getattr(array, "_mmap", None)
    if mapped is not None:
        mapped.madvise(mmap.MADV_DONTNEED)


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
