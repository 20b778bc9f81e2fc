"""How a DAG is drawn: a function of `Given` becomes a KFP pipeline.

Each section is a parameter of its step's name, a STRUCT, so that Kubeflow's form for a new run
shows an object that can be edited.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kfp import dsl

from components.notify.component import notify
from pipelines.cluster.config import ClusterConfig
from pipelines.cluster.spec.task_settings import with_settings

_DESCRIPTIONS = {
    "training": "Pictures in, a judged and served image model out.",
    "tuning": "Pictures in, the network that suits them out, judged and served.",
    "monitoring": "Look at what production sent; train again when accuracy is being lost.",
    "retraining": "The training pipeline without its exit step, which is the monitoring's.",
}


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """What is settled when a DAG is drawn and is no parameter; the defaults are for this machine.

    lasting: the RunContext without what differs between runs that compute the same. Steps that
        Kubeflow may reuse are given it, as Kubeflow compares the arguments of tasks; {} on this
        machine, where steps find earlier results by themselves.
    nodes: the NodesConfig of a training by several; {} trains in the step's own process.
    parallelism: finalists trained side by side.
    cluster: put on each task; None on this machine.
    deadline_s: after which Kubeflow stops a run; 0 leaves its own deadline.
    """

    lasting: Mapping[str, Any] = field(default_factory=dict)
    nodes: Mapping[str, Any] = field(default_factory=dict)
    parallelism: int = 1
    cluster: ClusterConfig | None = None
    deadline_s: int = 0


@dataclass(frozen=True)
class Given:
    """A pipeline's parameters while it is drawn: the RunContext, and sections by step."""

    run: Any
    sections: Mapping[str, Any]
    fixed: Fixed

    def now(self, step: str) -> dict[str, Any]:
        """Return the arguments of a step that depends on this very run."""
        return {"settings": self.sections[step], "run": self.run}

    def lasting(self, step: str) -> dict[str, Any]:
        """Return the arguments of a step that Kubeflow may reuse."""
        return {"settings": self.sections[step], "run": self.fixed.lasting or self.run}


def fresh(task: Any) -> Any:
    """Return the task, never to be taken from Kubeflow's cache."""
    task.set_caching_options(False)
    return task


@contextmanager
def announced(given: Given, name: str) -> Iterator[None]:
    """Draw the tasks of the block, and `notify` after them, however they end."""
    with dsl.ExitHandler(exit_task=fresh(notify(**given.now("notify"))), name=name):
        yield


def to_kfp(name: str, draw: Callable[[Given], None], steps: Iterable[str], fixed: Fixed) -> Any:
    """Return the KFP pipeline graft-`name` with the parameters `run` and one a step.

    `draw` adds the tasks.
    """
    names = ("run", *steps)

    def pipeline(*values: Any) -> None:
        run, *sections = values
        draw(Given(run, dict(zip(names[1:], sections, strict=True)), fixed))

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(one, kind, annotation=dict) for one in names]
    pipeline.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    made = dsl.pipeline(name=f"graft-{name}", description=_DESCRIPTIONS[name])(pipeline)
    return (
        with_settings(made, fixed.cluster, deadline_s=fixed.deadline_s) if fixed.cluster else made
    )
