"""Graft from Python: train, load, ask and judge image models. A facade; the work is elsewhere.

    run = graft.run("photos/")          # as `graft run photos/`
    run.verdict.word, run.figures       # 'deploy', a DataFrame
    model = graft.load("photos")        # the newest published version, in this process
    model.predict("new/")               # a DataFrame, a row a picture
    graft.evaluate(model, "labelled/")  # figures with their intervals
    with graft.connect("http://127.0.0.1:8511", model="photos") as client: ...

Importing it is cheap: TensorFlow, pandas and the rest come with the first call.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graft.models import Model, evaluate, load
    from graft.training import FinishedRun, run
    from serving.client import Client, connect

    from . import errors

__all__ = ["Client", "FinishedRun", "Model", "connect", "errors", "evaluate", "load", "run"]

_PLACES = {
    "Client": "serving.client",
    "FinishedRun": "graft.training",
    "Model": "graft.models",
    "connect": "serving.client",
    "evaluate": "graft.models",
    "load": "graft.models",
    "run": "graft.training",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    if name == "errors":
        return importlib.import_module("graft.errors")
    if name not in _PLACES:
        raise AttributeError(f"module 'graft' has no attribute '{name}'")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    """Return what there is, for who completes names."""
    return __all__
