"""What commands on a finished run share."""

import os

import pytest

from pipelines.local.finished import silence_tensorflow


@pytest.mark.parametrize(("given", "kept"), [("", "3"), ("0", "0")])
def test_tensorflow_is_silent_unless_the_user_wants_it(
    given: str, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", given)
    if not given:
        monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    silence_tensorflow()
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == kept
