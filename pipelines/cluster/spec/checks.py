"""Check a compiled pipeline without a cluster.

The protos find unknown keys and wrong values; that names lead somewhere, neither they nor kfp look
at. A YAML that passes can still ask for what a cluster does not have.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from components.common.errors import ConfigError, expected


def check_package(path: Path) -> int:
    """Check a compiled pipeline.

    Args:
        path: the YAML: the pipeline spec, and after it the platform spec if there is one.

    Returns:
        How many tasks it has.

    Raises:
        ConfigError: something does not fit; all that was found is named.
    """
    documents = list(yaml.safe_load_all(path.read_text()))
    faults = list(find_faults(documents))
    if faults:
        raise ConfigError(
            expected(
                f"a pipeline in {path} that Kubeflow can run",
                received="; ".join(faults),
                do="report this with the file",
            )
        )
    return sum(len(tasks) for _, tasks in _dags(documents[0]))


def find_faults(documents: list[Any]) -> Iterator[str]:
    """Yield what does not fit in a compiled pipeline, in words."""
    if not documents or len(documents) > 2:
        yield f"{len(documents)} YAML documents instead of one or two"
        return
    parsed = list(_unparsable(documents))
    yield from parsed
    if parsed:
        return
    spec = documents[0]
    executors = spec.get("deploymentSpec", {}).get("executors", {})
    yield from _unfit_executors(executors)
    yield from _lost_components(spec, executors)
    for name, tasks in _dags(spec):
        yield from _ghosts(name, tasks, spec)
    if len(documents) == 2:
        for name in sorted(set(_pods(documents[1])) - set(executors)):
            yield f"the platform spec configures '{name}', which is no executor"


def _unparsable(documents: list[Any]) -> Iterator[str]:
    from kfp.kubernetes import kubernetes_executor_config_pb2
    from kfp.pipeline_spec import pipeline_spec_pb2

    parts = [("the pipeline spec", documents[0], pipeline_spec_pb2.PipelineSpec())]
    if len(documents) == 2:
        parts.append(("the platform spec", documents[1], pipeline_spec_pb2.PlatformSpec()))
    faults = [fault for part in parts if (fault := _unparsable_part(*part))]
    yield from faults
    if faults or len(documents) == 1:
        return
    # To the platform spec these are free-form.
    for name, pod in _pods(documents[1]).items():
        config = kubernetes_executor_config_pb2.KubernetesExecutorConfig()
        if fault := _unparsable_part(f"the pod of {name}", pod, config):
            yield fault


def _unparsable_part(what: str, plain: Any, message: Any) -> str:
    from google.protobuf import json_format

    try:
        json_format.ParseDict(plain, message)
    except json_format.ParseError as error:
        return f"{what}: {' '.join(str(error).split())}"
    return ""


def _unfit_executors(executors: dict[str, Any]) -> Iterator[str]:
    for name, executor in executors.items():
        container = executor.get("container", {})
        for part in ("image", "command"):
            if not container.get(part):
                yield f"executor '{name}' has no {part}"


def _lost_components(spec: dict[str, Any], executors: dict[str, Any]) -> Iterator[str]:
    used = set()
    for name, component in spec.get("components", {}).items():
        label = component.get("executorLabel")
        if label is None and "dag" not in component:
            yield f"component '{name}' has neither executor nor tasks"
        elif label is not None and label not in executors:
            yield f"component '{name}' refers to executor '{label}', which is not there"
        used.add(label)
    for name in sorted(set(executors) - used):
        yield f"executor '{name}' belongs to no component"


def _ghosts(dag: str, tasks: dict[str, Any], spec: dict[str, Any]) -> Iterator[str]:
    for name, task in tasks.items():
        where = f"task '{name}' of {dag}"
        reference = task.get("componentRef", {}).get("name")
        if reference not in spec.get("components", {}):
            yield f"{where} refers to component '{reference}', which is not there"
            continue
        for other in task.get("dependentTasks", ()):
            if other not in tasks:
                yield f"{where} waits for '{other}', which is not there"
        for producer, kind, key in _needs(task):
            if producer not in tasks:
                yield f"{where} reads from '{producer}', which is not there"
            elif key not in _outputs(tasks[producer], kind, spec):
                yield f"{where} reads '{key}' of '{producer}', which has no such output"
            elif producer not in task.get("dependentTasks", ()):
                yield f"{where} reads from '{producer}' without waiting for it"


def _needs(task: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    inputs = task.get("inputs", {})
    for one in inputs.get("artifacts", {}).values():
        if source := one.get("taskOutputArtifact"):
            yield source["producerTask"], "artifacts", source["outputArtifactKey"]
    for one in inputs.get("parameters", {}).values():
        if source := one.get("taskOutputParameter"):
            yield source["producerTask"], "parameters", source["outputParameterKey"]


def _outputs(task: dict[str, Any], kind: str, spec: dict[str, Any]) -> set[str]:
    component = spec["components"].get(task.get("componentRef", {}).get("name"), {})
    return set(component.get("outputDefinitions", {}).get(kind, {}))


def _dags(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    components = {"root": spec.get("root", {}), **spec.get("components", {})}
    for name, component in components.items():
        if "dag" in component:
            yield name, component["dag"].get("tasks", {})


def _pods(platform: dict[str, Any]) -> dict[str, Any]:
    kubernetes = platform.get("platforms", {}).get("kubernetes", {})
    return dict(kubernetes.get("deploymentSpec", {}).get("executors", {}))
