import pytest
from translated import check_translated

from components.common.artifacts.exported import EscapePromise
from components.evaluate.promise import promise_notes


@pytest.mark.parametrize(
    ("asked", "kept", "words"),
    [
        (0.28, False, "have to ask about 28 % of all pictures, which is more than"),
        (0.031, True, "asks about 3.1 % of the held-out pictures, so that about 10 % of the"),
        (0.0, True, "14 % of the held-out defects are answered as good; 10 % may be"),
    ],
)
def test_the_sentence_says_what_asking_is_good_for(asked: float, kept: bool, words: str) -> None:
    (note,) = promise_notes(EscapePromise(rate=0.1, escapes=0.14, asked=asked, kept=kept))
    assert words in note and "14 %" in note
    check_translated([note])


def test_without_a_promise_nothing_is_said() -> None:
    assert promise_notes(None) == []
