"""Sections on their way through a STRUCT parameter of Kubeflow."""

import dataclasses
import json
from typing import Annotated, Any, Literal

import pytest
from google.protobuf import json_format, struct_pb2
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from components.common import config
from components.common.config import FreeForm, Section
from components.common.errors import ConfigError
from components.common.run_context import RunContext
from pipelines.config import TrainingRun, section_of
from pipelines.dags import PIPELINES

STEPS = sorted({step for pipeline in PIPELINES.values() for step in pipeline.steps})
# As far as a double tells whole numbers apart.
WHOLE = st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1)
PLAIN = st.recursive(
    st.booleans() | WHOLE | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def through_struct(plain: dict[str, Any]) -> dict[str, Any]:
    """Return what a step receives: into a Struct, through JSON as in executor input, and out."""
    struct = struct_pb2.Struct()
    struct.update(plain)
    received: dict[str, Any] = json.loads(json_format.MessageToJson(struct))
    return received


def drawn(draw: st.DrawFn, section: Any) -> Any:
    """Return the section with some of its numbers, texts and options replaced, where allowed."""
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(section):
        value = getattr(section, field.name)
        if dataclasses.is_dataclass(value):
            changes[field.name] = drawn(draw, value)
        elif isinstance(value, bool):
            changes[field.name] = draw(st.booleans())
        elif isinstance(value, int):
            changes[field.name] = draw(WHOLE)
        elif isinstance(value, float):
            changes[field.name] = draw(st.floats(allow_nan=False, allow_infinity=False))
        elif isinstance(value, str):
            changes[field.name] = draw(st.text())
        elif isinstance(value, dict):
            changes[field.name] = draw(st.dictionaries(st.text(), PLAIN, max_size=3))
    allowed = {}
    for name, value in changes.items():
        try:
            config.load(type(section), {**config.to_plain(section), name: _plain(value)})
        except ConfigError:
            continue
        allowed[name] = value
    return dataclasses.replace(section, **allowed)


def _plain(value: Any) -> Any:
    return config.to_plain(value) if dataclasses.is_dataclass(value) else value


@pytest.mark.parametrize("step", STEPS)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_section_is_the_same_after_its_way_through_a_struct(step: str, data: Any) -> None:
    section = data.draw(st.composite(drawn)(section_of(TrainingRun(), step)))
    # As the user's own text would be loaded.
    section = config.load(type(section), config.to_plain(section))
    received = through_struct(config.to_plain(section))
    assert config.from_struct(type(section), received) == section
    # The cache, provenance and the passport go by this text.
    again = config.to_json(config.from_struct(type(section), received))
    assert again == config.to_json(section)


@given(seconds=st.floats(min_value=0, max_value=4e9), run_id=st.text())
def test_the_context_is_the_same_too(seconds: float, run_id: str) -> None:
    context = RunContext(run_id=run_id, deadline_unix_s=seconds)
    assert config.from_struct(RunContext, through_struct(config.to_plain(context))) == context


@dataclasses.dataclass(frozen=True, kw_only=True)
class Odd(Section):
    seed: Annotated[int, Field(ge=0)] = 0
    flips: Literal[1, 2, 4] = 4
    rate: float = 2.0
    sizes: tuple[int, ...] = ()
    options: FreeForm = dataclasses.field(default_factory=dict)


@given(options=st.dictionaries(st.text(), PLAIN, max_size=4))
def test_options_are_the_same_whatever_they_hold(options: dict[str, Any]) -> None:
    section = config.load(Odd, {"options": options})
    received = through_struct(config.to_plain(section))
    assert config.to_json(config.from_struct(Odd, received)) == config.to_json(section)


def test_whole_numbers_are_whole_again() -> None:
    received = {"seed": 3.0, "flips": 2.0, "rate": 1.0, "sizes": [16.0], "options": {"epochs": 5.0}}
    section = config.from_struct(Odd, received)
    assert section == Odd(seed=3, flips=2, rate=1.0, sizes=(16,), options={"epochs": 5})
    assert config.to_json(section).endswith('"rate":1.0,"seed":3,"sizes":[16]}')


def test_what_is_left_out_is_the_default() -> None:
    assert config.from_struct(Odd, {}) == Odd()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"seed": 2**53}, r"where\.seed: expected a whole number below 2\^53"),
        ({"sizes": [2**60]}, r"where\.sizes: expected a whole number below 2\^53"),
        ({"options": {"deep": {"n": -(2**53)}}}, r"where\.options\.deep\.n: expected a whole"),
        ({"options": {"a": None}}, r"where\.options: expected text, numbers.*leave out the rest"),
        ({"options": {"a": {1: 2}}}, r"where\.options: expected names that are text as keys"),
        ({"seed": None}, r"where\.seed: expected a valid integer"),
    ],
)
def test_what_a_struct_cannot_carry_is_refused_before_it_travels(
    given: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        config.load(Odd, given, where="where")
