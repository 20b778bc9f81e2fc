import math
from dataclasses import dataclass, field
from typing import Annotated

import pytest
from pydantic import Field

from components.common import config
from components.common.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Inner(config.Section):
    rate: Annotated[float, Field(gt=0)] = 1.0


@dataclass(frozen=True, kw_only=True)
class Outer(config.Section):
    epochs: int = 3
    inner: Inner = Inner()
    names: tuple[str, ...] = ()
    options: dict[str, float] = field(default_factory=dict)


def test_json_round_trip_is_exact() -> None:
    section = Outer(epochs=7, inner=Inner(rate=1e-4), names=("a", "b"), options={"x": 0.1})
    assert config.from_json(Outer, config.to_json(section)) == section


def test_equal_settings_have_equal_text_and_digest() -> None:
    one = config.load(Outer, {"epochs": 5, "options": {"b": 1.0, "a": 2.0}})
    two = config.load(Outer, {"options": {"a": 2.0, "b": 1.0}, "epochs": 5})
    assert config.to_json(one) == config.to_json(two)
    assert config.digest(one) == config.digest(two) != config.digest(Outer())


def test_unknown_key_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"known settings \(epochs, inner, names, options\)") as e:
        config.load(Outer, {"epoch": 3}, where="train")
    assert "'train.epoch'" in str(e.value)


def test_unknown_nested_key_names_its_place() -> None:
    with pytest.raises(ConfigError, match=r"known settings \(rate\), received 'train.inner.rat'"):
        config.load(Outer, {"inner": {"rat": 1}}, where="train")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"epochs": "many"}, "train.epochs: expected a valid integer"),
        ({"inner": {"rate": -1}}, "train.inner.rate: expected greater than 0, received -1"),
        ({"inner": {"rate": math.nan}}, "finite"),
        ({"inner": 3}, "train.inner: expected a dictionary"),
    ],
)
def test_wrong_values_say_what_was_expected(data: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        config.load(Outer, data, where="train")


def test_config_error_is_a_value_error_with_exit_code_2() -> None:
    assert issubclass(ConfigError, ValueError)
    assert ConfigError.exit_code == 2
