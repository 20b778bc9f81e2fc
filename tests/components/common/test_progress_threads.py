import doctest

import pytest

from components.common import progress
from components.common.progress import Progress, listening, mapped


def test_what_threads_make_keeps_its_order_and_is_reported() -> None:
    seen: list[Progress] = []
    with listening(seen.append):
        assert mapped(lambda number: number * number, range(50), "squaring") == [
            number * number for number in range(50)
        ]
    assert (seen[0].done, seen[-1].done, seen[-1].total) == (0, 50, 50)
    assert {one.activity for one in seen} == {"squaring"}


def test_what_a_thread_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        mapped(lambda number: 1 // number, (1, 0), "dividing")


def test_the_examples() -> None:
    found = doctest.testmod(progress)
    assert found.attempted > 1
    assert found.failed == 0
