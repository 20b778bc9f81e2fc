"""The warm parent of a run on this machine: what it imports, and which steps ask for how much."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from components.common.warm import owner

# What every step imports, or nearly every one.
_SMALL = (
    *("kfp.dsl.executor", "pandas", "pyarrow.parquet", "scipy.stats", "PIL.Image"),
    "components.common.step",
)
_LARGE = ("tensorflow", "keras", "serving.server.process")
# Components that import TensorFlow in any case, and those that import what Keras runs on.
_ON_TENSORFLOW = ("export", "evaluate")
_ON_KERAS = ("inspect", "train", "train_finalist", "rank")


def warm_parent() -> AbstractContextManager[None]:
    """Have a warm parent for the programs of a run, as `owner.started`."""
    # kfp without its client, as it is imported by a step.
    return owner.started(_SMALL, _LARGE, environment={"_KFP_RUNTIME": "true"})


def step_interpreter(address: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a run's steps are started with in place of `python`.

    Args:
        address: of the run's warm parent; "" without one.
        arguments: the pipeline's.
    """
    owner.belongs_to(address)
    backends = {os.environ.get("KERAS_BACKEND"), arguments.get("train", {}).get("backend")}
    return owner.interpreter(_ON_TENSORFLOW if "jax" in backends else _ON_TENSORFLOW + _ON_KERAS)
