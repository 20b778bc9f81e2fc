from pathlib import Path

import pytest
from blank_passport import blank_passport

from components.common.artifacts.passport import write_passport
from components.common.artifacts.verdict import Override, VerdictInfo
from components.evaluate.incumbent import below_best

LOST = VerdictInfo(word="deploy", reasons=(), below_best=0.03)
OVERRIDE = Override(by="somebody", at_unix_s=1.0, reason="the old camera is gone")


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (LOST, 0.03),
        # What a person let through begins a new count.
        (VerdictInfo(word="hold", reasons=(), below_best=0.2, override=OVERRIDE), 0.0),
    ],
)
def test_what_a_version_lost_stands_in_its_passport(
    tmp_path: Path, verdict: VerdictInfo, expected: float
) -> None:
    write_passport(tmp_path, blank_passport(version=4, verdict=verdict))
    assert below_best(tmp_path, 4) == expected


def test_a_version_without_a_passport_has_lost_nothing(tmp_path: Path) -> None:
    assert below_best(tmp_path, 4) == 0.0
