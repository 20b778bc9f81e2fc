import dataclasses
import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deploy_support import make_model, put
from publish_and_die import POINTS

from components.common.artifacts.model_folder import (
    candidate_path,
    lineage_path,
    newest_version,
    passport_page_path,
    reference_path,
    settings_path,
    versions,
)
from components.common.artifacts.passport import read_passport, write_passport
from components.common.artifacts.records import tree_sha256
from components.common.errors import ConfigError, PublishError
from components.deploy import copying
from components.deploy.access import model_folder, publishing
from components.deploy.publish import publish, published_already
from components.deploy.versions import clean, next_number, prune, restore, retire, retired

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    return tmp_path / "models" / "solar"


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return make_model(tmp_path / "first", content="first")


@pytest.fixture
def second(tmp_path: Path) -> Path:
    return make_model(tmp_path / "second", content="second")


def numbers(model_dir: Path) -> list[int]:
    return [version.number for version in versions(model_dir)]


def leftovers(model_dir: Path) -> list[Path]:
    return list(model_dir.rglob(".*.partial"))


def test_versions_count_up_and_hold_the_same_files(
    model_dir: Path, first: Path, second: Path
) -> None:
    one, two = put(model_dir, first), put(model_dir, second)

    assert (one.number, two.number) == (1, 2)
    assert tree_sha256(model_dir / "1") == tree_sha256(first)
    assert tree_sha256(model_dir / "2") == tree_sha256(second)
    assert leftovers(model_dir) == []
    assert (model_dir / "2" / "saved_model.pb").is_file()


def test_a_version_does_not_change_with_its_source(model_dir: Path, first: Path) -> None:
    digest = tree_sha256(first)
    put(model_dir, first)
    (first / "saved_model.pb").write_bytes(b"overwritten in place")

    assert tree_sha256(model_dir / "1") == digest


def test_every_version_has_a_passport_and_its_settings(model_dir: Path, first: Path) -> None:
    put(model_dir, first)

    passport = read_passport(model_dir, 1)
    assert passport is not None
    assert passport.model_sha256 == tree_sha256(first)
    assert settings_path(model_dir, 1).read_text() == "model_name: solar\n"


def test_a_number_is_never_used_twice(model_dir: Path, first: Path) -> None:
    put(model_dir, first)
    retire(model_dir, put(model_dir, first))
    assert put(model_dir, first).number == 3

    put(model_dir, first)
    prune(model_dir, keep=2)
    for version in versions(model_dir):
        retire(model_dir, version)
    assert next_number(model_dir) == 5


def test_other_folders_are_neither_versions_nor_touched(model_dir: Path, first: Path) -> None:
    for name in ("v5", "7.partial", "notes", ".hidden"):
        (model_dir / name).mkdir(parents=True)
    (model_dir / "9").write_text("a file, not a version")

    assert put(model_dir, first).number == 1
    assert (model_dir / "7.partial").is_dir()


FIRST, *OTHERS = POINTS


@pytest.mark.parametrize(
    "point", [FIRST, *(pytest.param(point, marks=pytest.mark.slow) for point in OTHERS)]
)
def test_a_killed_publish_leaves_the_old_version_and_the_next_one_works(
    model_dir: Path, first: Path, second: Path, point: str
) -> None:
    put(model_dir, first)
    if point == "while cleaning":
        (model_dir / ".2.dead.partial").mkdir()
    before = tree_sha256(model_dir / "1")
    done = subprocess.run(
        [sys.executable, str(HERE / "publish_and_die.py"), str(model_dir), str(second), point],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{HERE}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == -9, done.stderr
    assert tree_sha256(model_dir / "1") == before
    complete = point == "after the rename"
    assert numbers(model_dir) == ([1, 2] if complete else [1])
    if complete:
        assert tree_sha256(model_dir / "2") == tree_sha256(second)
        assert published_already(model_dir, tree_sha256(second)) == newest_version(model_dir)
    else:
        assert put(model_dir, second).number == 2
    clean(model_dir)
    assert leftovers(model_dir) == []
    assert sorted(path.name for path in (model_dir / "passports").glob("*.json")) == [
        "1.json",
        "2.json",
    ]


def test_an_orphaned_passport_of_a_killed_publish_is_cleaned(model_dir: Path, first: Path) -> None:
    put(model_dir, first)
    (model_dir / "1").rename(model_dir / ".1.killed.partial")

    clean(model_dir)

    assert read_passport(model_dir, 1) is None
    assert not settings_path(model_dir, 1).exists()
    assert next_number(model_dir) == 1


@pytest.mark.slow
def test_two_publishes_at_once_take_turns(model_dir: Path, first: Path, second: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from deploy_support import put;"
        "print(put(Path(sys.argv[1]), Path(sys.argv[2]), timeout_s=60).number)"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(model_dir), str(source)],
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{HERE}"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for source in (first, second, first, second)
    ]
    said = [process.communicate(timeout=60)[0].strip() for process in running]

    assert sorted(said) == ["1", "2", "3", "4"]
    assert {tree_sha256(v.path) for v in versions(model_dir)} == {
        tree_sha256(first),
        tree_sha256(second),
    }


def test_a_publish_that_waits_too_long_says_why(model_dir: Path, first: Path) -> None:
    with publishing(model_dir, timeout_s=1), pytest.raises(PublishError, match="another publish"):
        put(model_dir, first, timeout_s=0.2)


def test_another_model_than_the_evaluated_one_is_refused(model_dir: Path, first: Path) -> None:
    with (
        publishing(model_dir, timeout_s=1),
        pytest.raises(PublishError, match="that was evaluated"),
    ):
        publish(
            first,
            model_dir=model_dir,
            model_sha256="0" * 64,
            prepare=lambda _: None,
        )

    assert (numbers(model_dir), leftovers(model_dir)) == ([], [])


def test_a_copy_that_differs_is_refused(
    model_dir: Path, first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole: Callable[[Path, Path], str] = copying._copy

    def flip_a_bit(source: Path, target: Path) -> str:
        digest = whole(source, target)
        content = bytearray(target.read_bytes() or b"x")
        content[0] ^= 1
        target.write_bytes(content)
        return digest

    monkeypatch.setattr(copying, "_copy", flip_a_bit)

    with pytest.raises(PublishError, match="received other bytes"):
        put(model_dir, first)
    assert (numbers(model_dir), leftovers(model_dir)) == ([], [])


def test_a_full_disk_is_reported_before_anything_is_copied(
    model_dir: Path, first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = copying.shutil.disk_usage("/")
    monkeypatch.setattr(copying.shutil, "disk_usage", lambda _: usage._replace(free=1_500_000))

    with pytest.raises(PublishError, match=r"expected 4\.1 MB of free space .* 1\.5 MB; free"):
        put(model_dir, first)


def test_a_disk_that_fills_up_while_copying_leaves_nothing(
    model_dir: Path, first: Path, second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(model_dir, first)
    whole: Callable[[Path, Path], str] = copying._copy

    def full(source: Path, target: Path) -> str:
        if "variables" in target.parts:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        return whole(source, target)

    monkeypatch.setattr(copying, "_copy", full)

    with pytest.raises(PublishError, match=r"No space left on device.*keep_versions"):
        put(model_dir, second)
    assert (numbers(model_dir), leftovers(model_dir)) == ([1], [])


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_a_stopped_publish_cleans_up_itself(
    model_dir: Path, first: Path, monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    def stop(*_: Any) -> str:
        raise interruption

    monkeypatch.setattr(copying, "_copy", stop)

    with pytest.raises(interruption):
        put(model_dir, first)
    assert leftovers(model_dir) == []


def test_a_base_path_that_is_a_file_or_cannot_be_written(tmp_path: Path, first: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(PublishError, match="model_base_path"):
        put(tmp_path / "file" / "solar", first)
    with pytest.raises(PublishError, match="model_base_path"):
        put(Path("/proc/graft/solar"), first)


@pytest.mark.parametrize("base_path", ["serving/models", "s3://bucket/models", "."])
def test_a_base_path_must_be_absolute(base_path: str) -> None:
    with pytest.raises(ConfigError, match="absolute folder"):
        model_folder(base_path, "solar")


def test_old_versions_go_and_their_passports_stay(model_dir: Path, first: Path) -> None:
    for _ in range(5):
        put(model_dir, first)
    retire(model_dir, versions(model_dir)[1])

    removed = prune(model_dir, keep=2, in_use={1})

    assert removed == (3, 2)
    assert numbers(model_dir) == [1, 4, 5]
    assert retired(model_dir) == ()
    passport = read_passport(model_dir, 3)
    assert passport is not None
    assert passport.state == "pruned"
    assert leftovers(model_dir) == []


def test_what_was_retired_lately_stays(model_dir: Path, first: Path) -> None:
    for _ in range(5):
        put(model_dir, first)
    retire(model_dir, versions(model_dir)[3])
    assert prune(model_dir, keep=2) == (1, 2)
    assert [version.number for version in retired(model_dir)] == [4]


def test_the_best_version_so_far_stays(model_dir: Path, first: Path) -> None:
    for _ in range(5):
        put(model_dir, first)
    for number in (3, 5):
        passport = read_passport(model_dir, number)
        assert passport is not None
        verdict = dataclasses.replace(passport.verdict, best_version=2)
        write_passport(model_dir, dataclasses.replace(passport, verdict=verdict))
    kept = reference_path(model_dir, 2)
    kept.mkdir(parents=True)

    assert prune(model_dir, keep=2, in_use={3}) == (1,)
    assert prune(model_dir, keep=2) == (3,)
    assert numbers(model_dir) == [2, 4, 5]
    assert kept.is_dir()


def test_the_serving_version_and_the_one_before_always_stay(model_dir: Path, first: Path) -> None:
    put(model_dir, first)
    put(model_dir, first)

    assert prune(model_dir, keep=0) == ()
    assert numbers(model_dir) == [1, 2]


def state(model_dir: Path, version: int) -> str:
    passport = read_passport(model_dir, version)
    assert passport is not None
    return passport.state


def test_a_version_that_is_taken_back_can_be_given_back(model_dir: Path, first: Path) -> None:
    put(model_dir, first)
    retire(model_dir, put(model_dir, first))
    assert (numbers(model_dir), state(model_dir, 2), state(model_dir, 1)) == (
        [1],
        "retired",
        "staged",
    )

    restore(model_dir, retired(model_dir)[0])

    assert (numbers(model_dir), state(model_dir, 2)) == ([1, 2], "confirmed")


def test_an_old_version_takes_its_reference_and_candidate_with_it(
    model_dir: Path, first: Path
) -> None:
    for _ in range(5):
        version = put(model_dir, first).number
        for folder in (reference_path, candidate_path, lineage_path):
            folder(model_dir, version).mkdir(parents=True)

    assert prune(model_dir, keep=3) == (1, 2)

    assert numbers(model_dir) == [3, 4, 5]
    for folder in (reference_path, candidate_path):
        assert [n for n in range(1, 6) if folder(model_dir, n).exists()] == [3, 4, 5]
    assert lineage_path(model_dir, 1).is_dir()


def test_without_a_version_there_is_nothing_to_prune(model_dir: Path, first: Path) -> None:
    retire(model_dir, put(model_dir, first))

    assert prune(model_dir, keep=2) == ()
    assert [version.number for version in retired(model_dir)] == [1]


def test_all_that_a_killed_publish_kept_beside_its_version_goes(
    model_dir: Path, first: Path
) -> None:
    put(model_dir, first)
    put(model_dir, first)
    for version in (1, 2):
        for folder in (reference_path, lineage_path):
            folder(model_dir, version).mkdir(parents=True)
        passport_page_path(model_dir, version).write_text("page")
    # Killed before its page and settings were written: what is not there is no error.
    put(model_dir, first)
    settings_path(model_dir, 3).unlink(missing_ok=True)
    passport_page_path(model_dir, 3).unlink(missing_ok=True)
    for version in (2, 3):
        (model_dir / str(version)).rename(model_dir / f".{version}.killed.partial")

    clean(model_dir)

    for place in (reference_path, lineage_path, passport_page_path, settings_path):
        assert [n for n in (1, 2, 3) if place(model_dir, n).exists()] == [1], place
    assert (read_passport(model_dir, 2), read_passport(model_dir, 3)) == (None, None)


def test_only_the_newest_version_is_published_already(
    model_dir: Path, first: Path, second: Path
) -> None:
    assert published_already(model_dir, tree_sha256(first)) is None
    put(model_dir, first)
    assert published_already(model_dir, tree_sha256(first)) == newest_version(model_dir)
    put(model_dir, second)
    assert published_already(model_dir, tree_sha256(first)) is None


def test_a_refusal_names_both_models_by_their_digests(model_dir: Path, first: Path) -> None:
    with publishing(model_dir, timeout_s=1), pytest.raises(PublishError) as refused:
        publish(first, model_dir=model_dir, model_sha256="0" * 64, prepare=lambda _: None)

    assert str(refused.value) == (
        f"expected the model that was evaluated ({'0' * 12}), received another one "
        f"({tree_sha256(first)[:12]}); run the pipeline again"
    )


def test_a_failure_of_the_disk_while_publishing_names_the_models_folder(
    model_dir: Path, first: Path
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with (
        publishing(model_dir, timeout_s=1),
        pytest.raises(PublishError, match=re.escape(str(model_dir))),
    ):
        publish(first, model_dir=model_dir, model_sha256=tree_sha256(first), prepare=full)
    assert (numbers(model_dir), leftovers(model_dir)) == ([], [])
