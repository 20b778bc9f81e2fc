"""Hear what records say in a test; fail where the report has no translation for it."""

import functools
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from components.common.report.texts import Texts, load_texts
from components.evaluate.report.drawing import TABLES

_SPOKEN = (
    "reason", "remarks", "note", "notes", "reasons", "sentence", "check", "advice", "evidence"
)  # fmt: skip


@contextmanager
def all_translated(
    monkeypatch: pytest.MonkeyPatch, *records: type, say: Texts | None = None
) -> Iterator[None]:
    """Check the sentences of every such record that our code makes inside the block."""
    said: list[str] = []
    for record in records:
        monkeypatch.setattr(record, "__init__", _heard(vars(record)["__init__"], said))
    yield
    # One of each kind.
    check_translated({re.sub(r"\d+", "1", one): one for one in said}.values(), say=say)


def check_translated(sentences: Iterable[str], *, say: Texts | None = None) -> None:
    """Fail where a sentence has English words left in zh-TW, other than what an error said.

    `say` is the report's table by default.
    """
    say = say or load_texts(TABLES, "zh-TW")
    for said in map(say.sentence, sentences):
        # What is left in Latin letters are names, settings, commands and reasons of a library.
        known = re.sub(r"^無法(評估|讀取).*|「[^」]*」|graft( [a-z]+)+", "", said, flags=re.DOTALL)
        assert not re.search(r"[a-z]+ [a-z]+", known), f"add to languages/zh_tw*.py: {said}"


def _heard(init: Callable[..., None], said: list[str]) -> Callable[..., None]:
    @functools.wraps(init)
    def hear(self: Any, *values: Any, **named: Any) -> None:
        init(self, *values, **named)
        if not sys._getframe(1).f_globals["__name__"].startswith("components."):
            return  # a test's own
        for spoken in (getattr(self, name, ()) for name in _SPOKEN):
            if isinstance(spoken, str | tuple | list):
                said.extend([spoken] if isinstance(spoken, str) else spoken)

    return hear
