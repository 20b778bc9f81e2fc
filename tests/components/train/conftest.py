"""What train says for a reader is in every language."""

import sys
from collections.abc import Iterator

import pytest
from translated import all_translated

from components.common.artifacts.candidate import CandidateInfo
from components.common.artifacts.decision import Decision


@pytest.fixture(autouse=True)
def every_sentence_is_translated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a training says in a test, the report has it in every language."""
    records = [CandidateInfo, Decision]
    if "keras" in sys.modules:  # without it nothing is trained, and it takes seconds to import
        from components.train.loop.attempts import Attempts
        from components.train.session import Fitted

        records += [Attempts, Fitted]
    with all_translated(monkeypatch, *records):
        yield
