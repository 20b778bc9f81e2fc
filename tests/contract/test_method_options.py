"""What every method's options can do, without a framework."""

import pytest

from components.common import config, plugins
from components.train.config import METHODS

NAMES = plugins.names(METHODS)


@pytest.mark.parametrize("name", NAMES)
def test_options_are_frozen_and_survive_json(name: str) -> None:
    options = plugins.load(METHODS, name).Options
    assert options.__dataclass_params__.frozen
    assert config.from_json(options, config.to_json(options())) == options()
