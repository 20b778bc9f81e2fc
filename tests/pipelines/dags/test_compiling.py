"""The YAML that goes to Kubeflow, parsed back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.common.images import CPU_IMAGE
from pipelines.config import STEPS, PipelineName, read_preset, resolve
from pipelines.dags import PIPELINES, drawn
from pipelines.dags.compiling import compile_to

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture
def spec(compiled: Callable[..., list[Any]]) -> dict[str, Any]:
    return dict(compiled("training", "solar")[0])


@pytest.fixture
def tuning(compiled: Callable[..., list[Any]]) -> dict[str, Any]:
    changes = ("tune.rank.sizes_px=[96,160]", "tune.plan.parallelism=2", "seed=5")
    return dict(compiled("tuning", "solar", *changes)[0])


@pytest.fixture
def monitoring(compiled: Callable[..., list[Any]]) -> dict[str, Any]:
    return dict(compiled("monitoring", "solar")[0])


def tasks(spec: dict[str, Any], component: str) -> dict[str, Any]:
    return dict(spec["components"][component]["dag"]["tasks"])


def edges(dag: dict[str, Any]) -> dict[str, set[str]]:
    return {name: set(task.get("dependentTasks", [])) for name, task in dag.items()}


def test_steps_depend_on_what_they_read(spec: dict[str, Any]) -> None:
    found = edges(tasks(spec, "comp-exit-handler-1"))
    assert found["fingerprint"] == set()
    assert found["ingest"] == {"fingerprint"}
    assert found["kept-splits"] == set()
    assert found["validate"] == {"ingest", "kept-splits"}
    assert found["augment"] == {"validate"}
    assert found["rivals"] == {"augment"}
    assert found["inspect"] == {"augment", "validate"}
    assert found["train"] == {"augment", "rivals"}
    assert found["export"] == {"train", "validate"}
    assert found["evaluate"] == {"export", "inspect", "train", "validate"}
    assert found["gate"] == {"evaluate"}
    assert found["condition-2"] >= {"gate"}
    assert set(tasks(spec, "comp-condition-2")) == {"reference", "deploy"}


def test_deploy_waits_for_the_word_deploy_in_the_single_return_value(spec: dict[str, Any]) -> None:
    trigger = tasks(spec, "comp-exit-handler-1")["condition-2"]["triggerPolicy"]["condition"]
    assert "gate-Output" in trigger
    assert trigger.endswith("== 'deploy'")


def test_the_exit_step_runs_whatever_happened(spec: dict[str, Any]) -> None:
    last = spec["root"]["dag"]["tasks"]["notify"]
    assert last["triggerPolicy"]["strategy"] == "ALL_UPSTREAM_TASKS_COMPLETED"
    assert last["dependentTasks"] == ["exit-handler-1"]


def test_every_executor_runs_our_image_and_installs_nothing(spec: dict[str, Any]) -> None:
    executors = spec["deploymentSpec"]["executors"]
    assert set(executors) == {
        f"exec-{step}" for step in ("fingerprint", "kept-splits", "rivals", *STEPS)
    }
    for executor in executors.values():
        assert executor["container"]["image"] == CPU_IMAGE
        assert "pip install" not in " ".join(executor["container"]["command"])


def test_what_speaks_of_the_serving_version_is_never_cached(spec: dict[str, Any]) -> None:
    inner = tasks(spec, "comp-exit-handler-1")
    inner |= tasks(spec, "comp-condition-2") | spec["root"]["dag"]["tasks"]
    cached = {
        name for name, task in inner.items() if task.get("cachingOptions", {}).get("enableCache")
    }
    assert cached == {"ingest", "validate", "augment", "inspect", "train", "export"}


def test_ingest_is_reused_by_the_digest_of_its_pictures(spec: dict[str, Any]) -> None:
    inner = tasks(spec, "comp-exit-handler-1")
    assert not inner["fingerprint"].get("cachingOptions", {}).get("enableCache")
    given = inner["ingest"]["inputs"]["parameters"]["fingerprint"]["taskOutputParameter"]
    assert given == {"outputParameterKey": "Output", "producerTask": "fingerprint"}


def test_validate_is_reused_by_the_digest_of_the_kept_splits(spec: dict[str, Any]) -> None:
    inner = tasks(spec, "comp-exit-handler-1")
    assert not inner["kept-splits"].get("cachingOptions", {}).get("enableCache")
    given = inner["validate"]["inputs"]["parameters"]["kept"]["taskOutputParameter"]
    assert given == {"outputParameterKey": "Output", "producerTask": "kept-splits"}


def test_train_is_reused_by_the_digest_of_what_it_fits_again(spec: dict[str, Any]) -> None:
    inner = tasks(spec, "comp-exit-handler-1")
    given = inner["train"]["inputs"]["parameters"]["rivals"]["taskOutputParameter"]
    assert given == {"outputParameterKey": "Output", "producerTask": "rivals"}


def test_what_is_cached_depends_on_its_own_settings_only(
    spec: dict[str, Any], compiled: Callable[..., list[Any]]
) -> None:
    def keys(described: dict[str, Any]) -> dict[str, Any]:
        inner = tasks(described, "comp-exit-handler-1")
        return {
            name: {
                key: value
                for key, value in task["inputs"]["parameters"].items()
                if "runtimeValue" in value
            }
            for name, task in inner.items()
            if task.get("cachingOptions", {}).get("enableCache")
        }

    changes = ("gate.confidence=0.9", "seed=0", "train.flips=2")
    other = compiled("training", "solar", *changes)[0]
    assert keys(other) == keys(spec)
    # The digest of all settings, which both pass to the steps that are never reused, is another.
    contexts = [
        one["root"]["inputDefinitions"]["parameters"]["run"]["defaultValue"]
        for one in (spec, other)
    ]
    assert contexts[0]["config_sha256"] != contexts[1]["config_sha256"]
    for parameters in keys(spec).values():
        given = parameters["run"]["runtimeValue"]["constant"]
        assert given == contexts[0] | {"config_sha256": ""}


@pytest.mark.parametrize(("pipeline", "step"), [("training", "train"), ("tuning", "rank")])
def test_on_this_machine_networks_wait_for_what_inspect_embeds(
    pipeline: PipelineName, step: str
) -> None:
    from google.protobuf.json_format import MessageToDict

    from pipelines.dags.drawing import Fixed

    local = MessageToDict(drawn(pipeline, Fixed()).pipeline_spec)
    assert edges(tasks(local, "comp-exit-handler-1"))[step] == {"augment", "inspect"}


def test_on_this_machine_there_is_no_task_more() -> None:
    from pipelines.dags.drawing import Fixed

    names = drawn("training", Fixed()).pipeline_spec.deployment_spec["executors"]
    assert set(names) == {f"exec-{step}" for step in STEPS}


def test_the_preset_becomes_the_defaults(spec: dict[str, Any]) -> None:
    parameters = spec["root"]["inputDefinitions"]["parameters"]
    assert parameters["deploy"]["defaultValue"]["model_name"] == "solar"
    assert set(parameters) == {"run", *STEPS}
    # An object that Kubeflow's form shows and lets people edit.
    assert {one["parameterType"] for one in parameters.values()} == {"STRUCT"}


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_steps_stand_in_the_order_in_which_they_run(
    pipeline: PipelineName, compiled: Callable[..., list[Any]]
) -> None:
    steps = PIPELINES[pipeline].steps
    assert len(set(steps)) == len(steps)
    tasks = {}
    for part in compiled(pipeline, "solar")[0]["components"].values():
        tasks |= part.get("dag", {}).get("tasks", {})
    for name, needed in edges(tasks).items():
        after = {one for one in needed if one in steps}
        assert all(steps.index(one) < steps.index(name) for one in after if name in steps)


def test_tuning_ranks_trains_in_a_loop_selects_and_ends_like_training(
    tuning: dict[str, Any], spec: dict[str, Any]
) -> None:
    found = edges(tasks(tuning, "comp-exit-handler-1"))
    assert found["rank"] == {"augment"}
    assert found["plan"] == {"rank"}
    assert found["for-loop-2"] == {"plan", "validate"}
    assert found["select"] == {"for-loop-2", "plan", "validate"}
    assert found["export"] == {"select", "validate"}
    assert found["evaluate"] == {"export", "inspect", "select", "validate"}
    loop = edges(tasks(tuning, "comp-for-loop-2"))
    assert loop == {"augment-2": set(), "train-finalist": {"augment-2"}}
    last = next(name for name in found if name.startswith("condition"))
    assert found[last] >= {"gate"}
    assert set(tasks(tuning, f"comp-{last}")) == {"reference", "deploy"}
    trigger = tasks(tuning, "comp-exit-handler-1")[last]["triggerPolicy"]["condition"]
    assert "gate-Output" in trigger and trigger.endswith("== 'deploy'")


def test_the_loop_runs_over_the_single_return_value_of_plan(tuning: dict[str, Any]) -> None:
    loop = tasks(tuning, "comp-exit-handler-1")["for-loop-2"]
    # kfp.local finds no other kind of task output to loop over.
    assert loop["parameterIterator"]["items"]["inputParameter"].endswith("plan-Output")
    assert loop["iteratorPolicy"]["parallelismLimit"] == 2
    collected = tasks(tuning, "comp-exit-handler-1")["select"]["inputs"]["artifacts"]["candidates"]
    assert collected["taskOutputArtifact"]["producerTask"] == "for-loop-2"


def test_what_depends_on_the_clock_is_never_cached(tuning: dict[str, Any]) -> None:
    inner = tasks(tuning, "comp-exit-handler-1") | tasks(tuning, "comp-for-loop-2")
    cached = {
        name for name, task in inner.items() if task.get("cachingOptions", {}).get("enableCache")
    }
    assert {"ingest", "rank"} <= cached
    assert not cached & {"plan", "train-finalist", "select", "evaluate", "gate"}


def test_shards_of_a_finalist_are_reused_by_their_own_settings(tuning: dict[str, Any]) -> None:
    first = tasks(tuning, "comp-exit-handler-1")["augment"]
    own = tasks(tuning, "comp-for-loop-2")["augment-2"]
    assert own["cachingOptions"]["enableCache"]
    # Neither the run's deadline nor the digest of all its settings.
    given = own["inputs"]["parameters"]["run"]["runtimeValue"]["constant"]
    assert given == first["inputs"]["parameters"]["run"]["runtimeValue"]["constant"]
    assert given["deadline_unix_s"] == 0.0 and not given["config_sha256"]


def test_tuning_starts_from_shards_of_the_largest_size(tuning: dict[str, Any]) -> None:
    parameters = tuning["root"]["inputDefinitions"]["parameters"]
    assert parameters["augment"]["defaultValue"]["image_size_px"] == 160
    assert parameters["train"]["defaultValue"]["seed"] == 5
    assert set(parameters) == {"run", *STEPS, "rank", "plan", "select"}


def test_monitoring_trains_by_the_word_retrain_in_the_single_return_value(
    monitoring: dict[str, Any], spec: dict[str, Any]
) -> None:
    outer = tasks(monitoring, "comp-exit-handler-1")
    assert set(outer) == {"monitor", "condition-2"}
    trigger = outer["condition-2"]["triggerPolicy"]["condition"]
    assert "monitor-Output" in trigger and trigger.endswith("== 'retrain'")
    nested = tasks(monitoring, "comp-condition-2")
    assert set(nested) == {"graft-retraining"}
    # What follows is the training pipeline, task for task.
    inner = edges(tasks(monitoring, "comp-graft-retraining"))
    trained = edges(tasks(spec, "comp-exit-handler-1"))
    plain = {name: needed for name, needed in inner.items() if not name.startswith("condition")}
    assert plain == {k: v for k, v in trained.items() if not k.startswith("condition")}
    # It starts from the version that serves, which Kubeflow's cache cannot see.
    nested_train = tasks(monitoring, "comp-graft-retraining")["train"]
    assert not nested_train.get("cachingOptions", {}).get("enableCache")
    gated = next(name for name in inner if name.startswith("condition"))
    assert set(tasks(monitoring, f"comp-{gated}")) == {"reference", "deploy"}


def test_a_look_is_never_cached(monitoring: dict[str, Any]) -> None:
    look = tasks(monitoring, "comp-exit-handler-1")["monitor"]
    assert not look.get("cachingOptions", {}).get("enableCache")


def test_monitoring_tells_its_end_and_starts_training_from_what_serves(
    monitoring: dict[str, Any],
) -> None:
    assert monitoring["root"]["dag"]["tasks"]["notify"]["dependentTasks"] == ["exit-handler-1"]
    parameters = monitoring["root"]["inputDefinitions"]["parameters"]
    assert parameters["train"]["defaultValue"]["warm_start"] == "serving/models/solar"
    assert set(parameters) == {"run", "monitor", *STEPS}


def test_a_recurring_run_is_stopped_in_the_end_and_one_by_hand_is_not(tmp_path: Path) -> None:
    settings = resolve(read_preset("solar"))
    found = []
    for deadline_s in (0, 3600):
        compile_to(
            tmp_path / "p.yaml", settings=settings, pipeline="training", deadline_s=deadline_s
        )
        _, platform = yaml.safe_load_all((tmp_path / "p.yaml").read_text())
        found.append(platform["platforms"]["kubernetes"].get("pipelineConfig", {}))
    assert found == [{}, {"activeDeadlineSeconds": 3600}]
