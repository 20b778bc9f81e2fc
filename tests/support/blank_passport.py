"""A passport that says nothing but what a test wants it to."""

import dataclasses
from typing import Any

from components.common.artifacts.judging.verdict import VerdictInfo
from components.common.artifacts.passport import Passport

_BLANK = Passport(
    model_name="parts",
    version=1,
    state="confirmed",
    created_unix_s=0.0,
    model_sha256="",
    previous_version=0,
    run_id="",
    commit="",
    data_sha256="",
    config_sha256="",
    settings={},
    classes=(),
    backbone="",
    method="",
    image_size_px=32,
    test_pictures=0,
    test_groups=0,
    metrics=(),
    verdict=VerdictInfo(word="deploy", candidate_sha256="", reasons=()),
    rehearsal=(),
    rebuild=(),
)


def blank_passport(**changes: Any) -> Passport:
    return dataclasses.replace(_BLANK, **changes)
