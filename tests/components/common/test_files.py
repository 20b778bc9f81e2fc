"""Files and folders are whole or absent, also after a kill, and a lock dies with its owner."""

import errno
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from components.common import files
from components.common.errors import GraftError, InputError, PublishError

ROOT = Path(__file__).parents[3]


def run(code: str, *arguments: str | Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_at_once(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    files.write_bytes(path, b"old")
    with files.new_file(path) as partial:
        partial.write_bytes(b"half")
        assert path.read_bytes() == b"old"
        partial.write_bytes(b"new")
    assert (path.read_bytes(), names(tmp_path)) == (b"new", ["record.json"])


def test_what_fails_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    files.write_bytes(path, b"old")
    with pytest.raises(KeyboardInterrupt), files.new_file(path) as partial:
        partial.write_bytes(b"half")
        raise KeyboardInterrupt
    assert (path.read_bytes(), names(tmp_path)) == (b"old", ["record.json"])


def test_a_linked_copy_of_a_file_keeps_its_bytes(tmp_path: Path) -> None:
    files.write_bytes(tmp_path / "cached", b"old")
    os.link(tmp_path / "cached", tmp_path / "used")
    files.write_bytes(tmp_path / "used", b"new")
    assert (tmp_path / "cached").read_bytes() == b"old"


def test_bytes_reach_the_disk_before_the_name_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda number: (order.append("sync"), sync(number)))
    monkeypatch.setattr(
        Path, "replace", lambda path, to: (order.append("rename"), replace(path, to))
    )
    files.write_bytes(tmp_path / "a", b"1")
    assert order == ["sync", "rename", "sync"]  # the file, then the folder's entry
    files.write_bytes(tmp_path / "a", b"2", durable=False)
    assert order[3:] == ["rename"]


@pytest.mark.parametrize("kind", ["new_file", "new_folder"])
def test_a_killed_writer_leaves_only_what_the_next_one_clears(tmp_path: Path, kind: str) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from components.common import files\n"
        "with getattr(files, sys.argv[2])(Path(sys.argv[1])) as partial:\n"
        "    (partial / 'a' if partial.is_dir() else partial).write_bytes(b'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    writer = run(code, tmp_path / "thing", kind)
    writer.communicate(timeout=60)
    assert writer.returncode == -signal.SIGKILL
    assert not (tmp_path / "thing").exists()
    assert len(names(tmp_path)) == 1

    files.remove_partials(tmp_path, of="other")
    assert len(names(tmp_path)) == 1
    files.remove_partials(tmp_path, of="thing")
    assert names(tmp_path) == []


def test_a_folder_appears_with_all_its_files(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "folder"
    with files.new_folder(target) as partial:
        (partial / "a").write_bytes(b"1")
        assert not target.exists()
    assert (names(target), names(target.parent)) == (["a"], ["folder"])
    with pytest.raises(OSError, match="not empty"), files.new_folder(target):
        pass
    assert (names(target), names(target.parent)) == (["a"], ["folder"])


def test_removing_a_folder_takes_its_name_away_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "3").mkdir()
    seen: list[bool] = []
    monkeypatch.setattr(files.shutil, "rmtree", lambda _: seen.append((tmp_path / "3").exists()))
    files.remove_folder(tmp_path / "3")
    files.remove_folder(tmp_path / "not there")
    assert seen == [False]


def test_of_several_that_create_a_file_one_succeeds(tmp_path: Path) -> None:
    assert files.create(tmp_path / "claim", b"mine")
    assert not files.create(tmp_path / "claim", b"other")
    assert ((tmp_path / "claim").read_bytes(), names(tmp_path)) == (b"mine", ["claim"])


def test_a_line_that_was_cut_off_does_not_swallow_the_next(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    files.append_lines(path, "one\n")
    with path.open("a") as stream:
        stream.write("tw")
    files.append_lines(path, "three\n")
    files.append_lines(path, "four\n")
    assert path.read_text() == "one\ntw\nthree\nfour\n"


HOLD = (
    "import sys, time; from pathlib import Path; from components.common.files import locked\n"
    "with locked(Path(sys.argv[1]), holder='nobody'):\n"
    "    print('held', flush=True)\n"
    "    time.sleep(600)\n"
)


def test_a_lock_is_waited_for_says_who_holds_it_and_dies_with_its_owner(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    owner = run(HOLD, data)
    try:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        with (
            pytest.raises(
                PublishError, match=r"data to be free within 0\.2 s, received another publish"
            ),
            files.locked(data, holder="another publish", timeout_s=0.2, error=PublishError),
        ):
            pass
    finally:
        owner.kill()
        owner.communicate()
    with files.locked(data, holder="another publish", timeout_s=30):
        assert names(data) == []  # a folder that is pinned or served holds its data only
        assert names(tmp_path) == [".data.lock", "data"]
        assert (tmp_path / ".data.lock").stat().st_mode & 0o777 == 0o666  # for every user


def test_a_lock_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(GraftError, match=r"expected to write below .*file, received .*; give"),
        files.locked(tmp_path / "file" / "data", holder="nobody"),
    ):
        pass


def test_an_error_under_the_lock_is_not_taken_for_one_of_the_lock(tmp_path: Path) -> None:
    with (
        pytest.raises(FileNotFoundError, match="my own"),
        files.locked(tmp_path / "data", holder="nobody"),
    ):
        raise FileNotFoundError("my own")
    with files.locked(tmp_path / "data", holder="nobody", timeout_s=0):
        pass


def mapped_bytes() -> int:
    """Return how much of this process's memory are pages of files."""
    text = Path("/proc/self/status").read_text()
    kinds = re.findall(r"Rss(?:File|Shmem):\s+(\d+) kB", text)
    return 1024 * sum(map(int, kinds))


def test_forgotten_pages_are_no_memory_and_their_content_stays(tmp_path: Path) -> None:
    size = 2**26
    array = np.memmap(tmp_path / "a", np.uint8, mode="w+", shape=size)
    before = mapped_bytes()
    array[:] = 7
    assert mapped_bytes() - before > 0.9 * size
    files.forget_pages(array)
    assert mapped_bytes() - before < 0.1 * size
    assert array[::4096].min() == 7
    files.forget_pages(np.zeros(3))  # not mapped: nothing to forget


def test_room_is_claimed_before_it_is_needed(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        file.truncate(2**20)
    assert (tmp_path / "a").stat().st_blocks == 0
    files.reserve(tmp_path / "a")
    assert (tmp_path / "a").stat().st_blocks * 512 >= 2**20


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_something_a_user_can_put_right(number: int) -> None:
    with (
        pytest.raises(InputError, match=r"^expected room on the disk for /d/x, received .*; free"),
        files.full_disk_named(),
    ):
        raise OSError(number, os.strerror(number), "/d/x")
    with pytest.raises(PermissionError), files.full_disk_named():
        raise PermissionError(errno.EACCES, "not yours")
