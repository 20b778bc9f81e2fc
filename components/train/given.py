"""What a method is given of the data: checked, and as its own file arranges it."""

from components.common import plugins
from components.networks.data import TrainingData
from components.train.config import METHODS, TrainConfig, check_source, method_options


def given(data: TrainingData, settings: TrainConfig) -> TrainingData:
    """Return the data as the method wants them, before a network is built or a fold is dealt.

    A method's file may have a function `given(data, options)`, which takes labels away that must
    not be looked at, or adds classes that no picture shows.

    Raises:
        ConfigError, DataError: they lack what the method needs.
    """
    check_source(settings, data.facts())
    module = plugins.load(METHODS, settings.method)
    if not hasattr(module, "given"):
        return data
    arranged: TrainingData = module.given(data, method_options(settings.method, settings.options))
    return arranged
