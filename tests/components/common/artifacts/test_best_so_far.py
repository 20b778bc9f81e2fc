"""Which version is the best so far."""

from pathlib import Path

import pytest
from blank_passport import blank_passport

from components.common.artifacts.judging.verdict import Override, VerdictInfo
from components.common.artifacts.model_folder import ModelVersion
from components.common.artifacts.passport import best_so_far, mark, write_passport

OVERRIDE = Override(by="somebody", at_unix_s=1.0, reason="the old camera is gone")


def best(model_dir: Path) -> int:
    return best_so_far(ModelVersion(4, model_dir / "4")).number


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (VerdictInfo(word="deploy", reasons=(), best_version=2), 2),
        # The version itself, as in passports from before this was kept.
        (VerdictInfo(word="deploy", reasons=()), 4),
        # What a person let through begins a new count.
        (VerdictInfo(word="hold", reasons=(), best_version=2, override=OVERRIDE), 4),
    ],
)
def test_the_best_version_stands_in_the_passport_of_the_serving_one(
    tmp_path: Path, verdict: VerdictInfo, expected: int
) -> None:
    write_passport(tmp_path, blank_passport(version=4, verdict=verdict))
    assert best(tmp_path) == expected


def test_a_best_version_that_was_taken_back_counts_no_more(tmp_path: Path) -> None:
    verdict = VerdictInfo(word="deploy", reasons=(), best_version=2)
    for passport in (blank_passport(version=2), blank_passport(version=4, verdict=verdict)):
        write_passport(tmp_path, passport)
    assert best(tmp_path) == 2
    mark(tmp_path, 2, "retired")
    assert best(tmp_path) == 4


def test_a_version_without_a_passport_is_the_best_itself(tmp_path: Path) -> None:
    assert best(tmp_path) == 4
