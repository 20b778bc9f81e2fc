"""Whatever the monitor says in a test, the page Watch has it in zh-TW."""

from collections.abc import Iterator

import pytest
from translated import all_translated

from components.common.artifacts.monitoring.drift_report import Explanation, PolicyDecision
from components.monitor.explain.comparison import CauseFinding
from components.monitor.observe.silence import Silence
from pipelines.ui.frame import words


@pytest.fixture(autouse=True, scope="module")
def every_sentence_is_translated() -> Iterator[None]:
    records = (PolicyDecision, Explanation, CauseFinding, Silence)
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        all_translated(monkeypatch, *records, say=words("watch", "zh-TW")),
    ):
        yield
