"""Put the section `cluster` onto the tasks of a pipeline, when it is traced for compiling."""

import functools
from typing import Any

from components.common.images import GPU_IMAGE
from components.common.run_context import RUN_ID_VARIABLE
from pipelines.cluster.config import ClusterConfig, Resources

TRAINING_STEPS = frozenset({"inspect", "train", "rank", "train-finalist"})
# A second attempt might publish, or notify people, twice.
_NEVER_RETRIED = frozenset({"deploy", "notify"})


# The API server labels every pod of a run (kubeflow/pipelines 2.17.0, backend/src/apiserver/
# template/v2_template.go, SetPodMetadataLabels).
_RUN_ID_LABEL = "metadata.labels['pipeline/runid']"
# The network policies let pods with this label ask the server.
_MAY_ASK = ("graft/client", "true")


def with_settings(pipeline: Any, cluster: ClusterConfig, *, deadline_s: int = 0) -> Any:
    """Return the pipeline traced once more, with the settings on each of its tasks.

    The function that describes the DAG stays as it is. Each task learns the id of its run. A run is
    stopped after `deadline_s`; 0 leaves Kubeflow's own deadline of 14 days (kubeflow/pipelines,
    backend/src/v2/compiler/argocompiler, buildActiveDeadlineSeconds).
    """
    from kfp import dsl
    from kfp.dsl.pipeline_context import Pipeline

    describe = pipeline.pipeline_func

    @functools.wraps(describe)
    def traced(*words: Any, **named: Any) -> None:
        describe(*words, **named)
        for task in Pipeline.get_default_pipeline().tasks.values():
            if task.container_spec is not None:  # a nested pipeline has none, its tasks have
                _apply(task, cluster)

    described = dsl.pipeline(
        name=pipeline.name,
        description=pipeline.description,
        pipeline_root=cluster.artifact_root or None,
        pipeline_config=dsl.PipelineConfig(active_deadline_seconds=deadline_s),
    )
    return described(traced)


def _apply(task: Any, cluster: ClusterConfig) -> None:
    component = task.component_spec.name
    _add_pod(task, cluster)
    _add_surroundings(task, cluster)
    if component in TRAINING_STEPS:
        _add_training(task, cluster)
    else:
        _add_resources(task, cluster.resources)
    if cluster.retries.count and component not in _NEVER_RETRIED:
        task.set_retry(
            cluster.retries.count,
            backoff_duration=f"{cluster.retries.wait_s}s",
            backoff_factor=cluster.retries.factor,
            backoff_max_duration=f"{cluster.retries.longest_wait_s}s",
        )


def _add_pod(task: Any, cluster: ClusterConfig) -> None:
    from kfp import kubernetes

    kubernetes.use_field_path_as_env(task, RUN_ID_VARIABLE, _RUN_ID_LABEL)
    for key, value in cluster.labels.items():
        kubernetes.add_pod_label(task, key, value)
    if task.component_spec.name == "deploy":
        kubernetes.add_pod_label(task, *_MAY_ASK)
    if cluster.image_pull_policy:
        kubernetes.set_image_pull_policy(task, cluster.image_pull_policy)
    if cluster.image_pull_secrets:
        kubernetes.set_image_pull_secrets(task, list(cluster.image_pull_secrets))
    if cluster.timeout_s:
        kubernetes.set_timeout(task, cluster.timeout_s)


def _add_surroundings(task: Any, cluster: ClusterConfig) -> None:
    from kfp import kubernetes

    for volume in cluster.volumes:
        kubernetes.mount_pvc(task, volume.claim, volume.path, sub_path=volume.sub_path)
    for secret in cluster.secrets:
        kubernetes.use_secret_as_env(task, secret.name, dict(secret.keys), secret.optional)
    for one in cluster.config_maps:
        kubernetes.use_config_map_as_env(task, one.name, dict(one.keys), one.optional)


def _add_training(task: Any, cluster: ClusterConfig) -> None:
    from kfp import kubernetes

    _add_resources(task, cluster.training_resources)
    if cluster.accelerator.count:
        task.set_container_image(GPU_IMAGE)
        task.set_accelerator_type(cluster.accelerator.resource)
        task.set_accelerator_limit(cluster.accelerator.count)
    for key, value in cluster.accelerator.node_selector.items():
        kubernetes.add_node_selector(task, key, value)
    for one in cluster.tolerations:
        kubernetes.add_toleration(
            task,
            key=one.key or None,
            operator=one.operator,
            value=one.value or None,
            effect=one.effect or None,
        )
    if cluster.shared_memory:
        kubernetes.empty_dir_mount(
            task, "shared-memory", "/dev/shm", medium="Memory", size_limit=cluster.shared_memory
        )


def _add_resources(task: Any, resources: Resources) -> None:
    for amount, put in (
        (resources.cpu_request, task.set_cpu_request),
        (resources.cpu_limit, task.set_cpu_limit),
        (resources.memory_request, task.set_memory_request),
        (resources.memory_limit, task.set_memory_limit),
    ):
        if amount:
            put(amount)
