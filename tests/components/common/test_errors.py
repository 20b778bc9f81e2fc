"""An error says what was expected, what came and what to do, in any process."""

import doctest
import pickle

from components.common import errors
from components.common.errors import DataError, GraftError


def test_the_example_in_the_docstring() -> None:
    assert doctest.testmod(errors).failed == 0


def test_a_plain_message_stays_as_it_is() -> None:
    assert str(GraftError("the server went away")) == "the server went away"


def test_the_sentence_survives_pickling() -> None:
    error = DataError("pictures", received=None, do="add some")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is DataError
    assert str(again) == str(error) == "expected pictures, received None; add some"
