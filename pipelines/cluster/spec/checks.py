"""Check a compiled pipeline without a cluster.

The protos find unknown keys and wrong values. Whether names refer to something is checked by
neither the protos nor kfp. A YAML that passes can still ask for what a cluster does not have.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from components.common.errors import ConfigError


def check_package(path: Path) -> int:
    """Check the YAML of a pipeline: its spec and, if there is one, the platform spec after it.

    Returns:
        How many tasks it has.

    Raises:
        ConfigError: something does not fit; all that was found is named.
    """
    documents = list(yaml.safe_load_all(path.read_text()))
    faults = find_faults(documents)
    if faults:
        raise ConfigError(
            f"a pipeline in {path} that Kubeflow can run",
            received="; ".join(faults),
            do="report this with the file",
        )
    return sum(len(tasks) for _, tasks in _dags(documents[0]))


def find_faults(documents: list[Any]) -> list[str]:
    """Return what does not fit in a compiled pipeline, in words."""
    if not documents or len(documents) > 2:
        return [f"{len(documents)} YAML documents instead of one or two"]
    return _unparsable(documents) or list(_unresolved(*documents))


def _unparsable(documents: list[Any]) -> list[str]:
    from google.protobuf import json_format
    from kfp.kubernetes.kubernetes_executor_config_pb2 import KubernetesExecutorConfig
    from kfp.pipeline_spec.pipeline_spec_pb2 import PipelineSpec, PlatformSpec

    def fault(what: str, plain: Any, message: Any) -> Iterator[str]:
        try:
            json_format.ParseDict(plain, message)
        except json_format.ParseError as error:
            yield f"{what}: {' '.join(str(error).split())}"

    faults = list(fault("the pipeline spec", documents[0], PipelineSpec()))
    for platform in documents[1:]:
        faults += fault("the platform spec", platform, PlatformSpec())
        # To the platform spec these are free-form.
        for name, pod in {} if faults else _pods(platform).items():
            faults += fault(f"the pod of {name}", pod, KubernetesExecutorConfig())
    return faults


def _unresolved(spec: dict[str, Any], platform: dict[str, Any] | None = None) -> Iterator[str]:
    executors = spec.get("deploymentSpec", {}).get("executors", {})
    components = spec.get("components", {})
    for name, executor in executors.items():
        for part in ("image", "command"):
            if not executor.get("container", {}).get(part):
                yield f"executor '{name}' has no {part}"
    for name, component in components.items():
        label = component.get("executorLabel")
        if label is None and "dag" not in component:
            yield f"component '{name}' has neither executor nor tasks"
        elif label is not None and label not in executors:
            yield f"component '{name}' refers to executor '{label}', which is not there"
    for name in sorted(set(executors) - {one.get("executorLabel") for one in components.values()}):
        yield f"executor '{name}' belongs to no component"
    for dag, tasks in _dags(spec):
        for name, task in tasks.items():
            for fault in _unresolved_in(task, tasks, components):
                yield f"task '{name}' of {dag} {fault}"
    for name in sorted(set(_pods(platform or {})) - set(executors)):
        yield f"the platform spec configures '{name}', which is no executor"


def _unresolved_in(
    task: dict[str, Any], tasks: dict[str, Any], components: dict[str, Any]
) -> Iterator[str]:
    reference = task.get("componentRef", {}).get("name")
    if reference not in components:
        yield f"refers to component '{reference}', which is not there"
        return
    needed = task.get("dependentTasks", ())
    for other in needed:
        if other not in tasks:
            yield f"waits for '{other}', which is not there"
    for kind, producer, key in _inputs(task):
        if producer not in tasks:
            yield f"reads from '{producer}', which is not there"
            continue
        made = components.get(tasks[producer].get("componentRef", {}).get("name"), {})
        if key not in made.get("outputDefinitions", {}).get(kind, {}):
            yield f"reads '{key}' of '{producer}', which has no such output"
        elif producer not in needed:
            yield f"reads from '{producer}' without waiting for it"


def _inputs(task: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield what a task reads of others: "artifacts" or "parameters", producer, output."""
    for kind, name in (("artifacts", "Artifact"), ("parameters", "Parameter")):
        for one in task.get("inputs", {}).get(kind, {}).values():
            if source := one.get(f"taskOutput{name}"):
                yield kind, source["producerTask"], source[f"output{name}Key"]


def _dags(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, component in {"root": spec.get("root", {}), **spec.get("components", {})}.items():
        if "dag" in component:
            yield name, component["dag"].get("tasks", {})


def _pods(platform: dict[str, Any]) -> dict[str, Any]:
    kubernetes = platform.get("platforms", {}).get("kubernetes", {})
    return dict(kubernetes.get("deploymentSpec", {}).get("executors", {}))
