"""Graft from Python: train, load, ask and judge image models. A facade; the work is elsewhere.

`graft.run("photos/")` trains, judges and publishes, as the command does. Then, where it was run:

>>> import graft
>>> model = graft.load("levels")  # the newest published version, in this process
>>> model.version, model.classes
(2, ('functional', 'defective'))
>>> answers = model.predict("new", progress=False)  # files, folders or arrays: a row a picture
>>> answers["class"].tolist()  # one file is damaged; answers["error"] says so
['defective', 'functional', <NA>]
>>> graft.evaluate(model, "labelled", progress=False).loc["accuracy"].round(2).to_dict()
{'value': 0.8, 'low': 0.55, 'high': 0.93}

`graft.connect("http://127.0.0.1:8511", model="levels")` asks a running server or gateway instead.
Errors are those of `graft.errors`. TensorFlow, pandas and the rest come with the first call.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from components.common import errors
    from graft.models import LoadedModel, evaluate, load
    from graft.training import FinishedRun, run
    from serving.client import Client, connect

__all__ = ["Client", "FinishedRun", "LoadedModel", "connect", "errors", "evaluate", "load", "run"]

_PLACES = {
    "graft.models": ("LoadedModel", "evaluate", "load"),
    "graft.training": ("FinishedRun", "run"),
    "serving.client": ("Client", "connect"),
}


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    if name == "errors":
        return importlib.import_module("components.common.errors")
    for place, names in _PLACES.items():
        if name in names:
            return getattr(importlib.import_module(place), name)
    raise AttributeError(f"module 'graft' has no attribute '{name}'")


def __dir__() -> list[str]:
    """Return what there is, for who completes names."""
    return __all__
