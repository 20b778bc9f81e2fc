"""The record of Kubeflow's words fits its packages, and the fakes say nothing else."""

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import kfp_server_api as api
import pytest
import yaml
from kubeflow_record import final_status, kubeflow

from components.common.run_context import RUN_ID_VARIABLE
from components.notify.step import _STATES
from pipelines.cluster.runs.client import _EXIT_CODES
from pipelines.cluster.runs.tasks import DONE, tasks_of
from pipelines.config import PipelineName, read_preset, resolve

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
SOLAR = str(Path(__file__).parents[3] / "deploy" / "solar.yaml")


def test_it_is_of_the_version_that_compiles() -> None:
    assert kubeflow()["version"] == version("kfp")


def test_an_exit_steps_words_mean_what_the_record_says() -> None:
    recorded = kubeflow()["final_status"]
    for ends in (recorded["ends"], recorded["local_ends"]):
        assert {word: _STATES.get(word, "unclear") for word in ends} == ends


def test_the_statuss_json_is_that_of_the_package() -> None:
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2

    status = pipeline_spec_pb2.PipelineTaskFinalStatus()
    json_format.ParseDict(final_status("COMPLETE"), status)
    assert json_format.MessageToDict(status) == final_status("COMPLETE")


def test_the_states_that_end_a_run_are_states_of_the_api() -> None:
    known = set(api.V2beta1RuntimeState.allowable_values)
    assert known >= DONE >= set(_EXIT_CODES)
    assert known - DONE == {
        "RUNTIME_STATE_UNSPECIFIED",
        "PENDING",
        "RUNNING",
        "CANCELING",
        "PAUSED",
    }


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[PipelineName], list[Any]]:
    from pipelines.dags.compiling import compile_to

    def read(pipeline: PipelineName) -> list[Any]:
        path = tmp_path_factory.mktemp("compiled") / "pipeline.yaml"
        compile_to(path, settings=resolve(read_preset(SOLAR)), pipeline=pipeline)
        return list(yaml.safe_load_all(path.read_text()))

    return read


@pytest.mark.parametrize("pipeline", ["training", "tuning", "monitoring"])
def test_of_the_nodes_of_a_run_the_pipelines_own_tasks_are_shown(
    compiled: Callable[..., list[Any]], pipeline: PipelineName
) -> None:
    """The nodes are those that Kubeflow makes of what we compile: each task, and a driver each."""
    spec, nodes = compiled(pipeline)[0], kubeflow()["nodes"]
    dags = [spec["root"], *spec["components"].values()]
    tasks = [one for dag in dags for one in dag.get("dag", {}).get("tasks", {}).items()]
    names = [name for name, _ in tasks]
    shown = [name + nodes["driver_suffix"] for name in names] + names + nodes["names"]
    details = [
        api.V2beta1PipelineTaskDetail(task_id=str(number), display_name=name, state="RUNNING")
        for number, name in enumerate(shown)
    ]
    run = api.V2beta1Run(run_details=api.V2beta1RunDetails(task_details=details))
    own = {
        name
        for name, task in tasks
        if "dag" not in spec["components"][task["componentRef"]["name"]]
    }
    assert {task.name for task in tasks_of(run)} == own
    (awaited,) = spec["root"]["dag"]["tasks"]["notify"]["dependentTasks"]
    assert awaited == final_status("COMPLETE")["pipelineTaskName"]


@pytest.mark.parametrize("pipeline", ["training", "tuning", "monitoring"])
def test_every_pod_learns_the_id_from_the_label_that_the_api_server_sets(
    compiled: Callable[..., list[Any]], pipeline: PipelineName
) -> None:
    _, platform = compiled(pipeline)
    pods = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    (label,) = [one for one in kubeflow()["pods"]["steps"]["labels"] if one.startswith("pipeline/")]
    for pod in pods.values():
        assert pod["fieldPathAsEnv"] == [
            {"name": RUN_ID_VARIABLE, "fieldPath": f"metadata.labels['{label}']"}
        ]
