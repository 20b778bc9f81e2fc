"""Versions come and go on disk while the server serves."""

import shutil
import threading

import grpc
import pytest
import server_models
from server_harness import predict_request, wait_for
from tensorflow_serving.apis import prediction_log_pb2


def version_of(server, model):
    response = server.prediction.Predict(predict_request(model=model, x=[0.0]), timeout=30)
    return response.model_spec.version.value


def model(name, base, **settings):
    return {"name": name, "base_path": str(base), **settings}


def policy(**choice):
    return {"model_version_policy": choice}


def code_of(call):
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code()


def test_a_new_version_replaces_the_old_one(library, publish, tmp_path):
    publish("affine1", tmp_path, 1)
    library.reload(model("swap", tmp_path))
    assert library.predict(model="swap", x=[2.0])["y"].tolist() == [2.0]
    publish("affine2", tmp_path, 2)
    library.wait_states("swap", {2: "AVAILABLE", 1: "END"})
    assert library.predict(model="swap", x=[2.0])["y"].tolist() == [3.0]
    old = library.post("/v1/models/swap/versions/1:predict", {"instances": [1.0]})
    assert (old.status, old.error) == (404, "Servable not found for request: Specific(swap, 1)")
    states = library.get("/v1/models/swap").json()["model_version_status"]
    assert [one["version"] for one in states] == ["2", "1"]


def test_removing_versions(library, publish, tmp_path):
    base = tmp_path / "base"
    publish("affine1", base, 1)
    publish("affine2", base, 2)
    library.reload(model("gone", base))
    assert version_of(library, "gone") == 2
    shutil.rmtree(base / "2")
    library.wait_states("gone", {2: "END", 1: "AVAILABLE"})
    shutil.rmtree(base / "1")
    library.wait_states("gone", {2: "END", 1: "END"})
    assert library.post("/v1/models/gone:predict", {"instances": [1.0]}).status == 404
    assert library.get("/v1/models/gone").status == 200
    publish("affine3", base, 3)
    wait_for(lambda: library.states("gone").get(3) == "AVAILABLE", lambda: "not loaded")


def test_a_missing_base_path_unloads_nothing(library, publish, tmp_path):
    base = tmp_path / "base"
    publish("affine1", base, 1)
    library.reload(model("away", base))
    base.rename(tmp_path / "elsewhere")
    wait_for(lambda: f"cannot list {base}" in library.log.read_text(), lambda: "not looked at")
    assert version_of(library, "away") == 1


def test_which_directories_are_versions(library, publish, tmp_path):
    publish("affine1", tmp_path, "009")
    publish("affine2", tmp_path, 10)
    for name in ("11.partial", "tmp-12", ".13", "v14"):
        publish("affine3", tmp_path, name)
    (tmp_path / "15").write_text("a file")
    library.reload(model("names", tmp_path, **policy(all={})))
    library.wait_states("names", {10: "AVAILABLE", 9: "AVAILABLE"})
    assert version_of(library, "names") == 10


def test_a_lower_number_is_ignored(library, publish, tmp_path):
    publish("affine2", tmp_path, 20)
    library.reload(model("lower", tmp_path))
    publish("affine1", tmp_path, 3)
    publish("affine3", tmp_path, 21)
    library.wait_states("lower", {21: "AVAILABLE", 20: "END"})


@pytest.mark.parametrize("kind", ["empty", "junk", "half"])
def test_a_broken_version_never_disturbs_the_one_that_serves(library, publish, tmp_path, kind):
    name = f"broken_{kind}"
    publish("affine1", tmp_path, 1)
    library.reload(model(name, tmp_path))
    if kind == "empty":
        (tmp_path / "2").mkdir()
    elif kind == "junk":
        (tmp_path / "2").mkdir()
        (tmp_path / "2" / "saved_model.pb").write_bytes(b"\xff" * 100)
    else:
        staged = publish("affine2", tmp_path, ".staged")
        shutil.rmtree(staged / "variables")
        staged.rename(tmp_path / "2")
    library.wait_states(name, {2: "END", 1: "AVAILABLE"})
    answer = library.get(f"/v1/models/{name}/versions/2").json()
    status = answer["model_version_status"][0]["status"]
    assert status["error_code"] != "OK" and status["error_message"]
    assert version_of(library, name) == 1
    publish("affine3", tmp_path, 3)
    library.wait_states(name, {3: "AVAILABLE", 2: "END", 1: "END"})
    assert library.predict(model=name, x=[2.0])["y"].tolist() == [4.0]


def test_policies(library, publish, tmp_path):
    for version in (1, 2, 3):
        publish(f"affine{version}", tmp_path, version)
    library.reload(model("kept", tmp_path, **policy(latest={"num_versions": 2})))
    library.wait_states("kept", {3: "AVAILABLE", 2: "AVAILABLE"})
    body = {"instances": [2.0]}
    second = library.post("/v1/models/kept/versions/2:predict", body)
    assert second.json() == {"predictions": [3.0]}
    library.reload(model("kept", tmp_path, **policy(specific={"versions": [1]})))
    library.wait_states("kept", {3: "END", 2: "END", 1: "AVAILABLE"})
    assert version_of(library, "kept") == 1


def test_labels(library, publish, tmp_path):
    for version in (1, 2):
        publish(f"affine{version}", tmp_path, version)
    everything = policy(specific={"versions": [1, 2]})
    library.reload(model("tagged", tmp_path, **everything))
    library.wait_states("tagged", {2: "AVAILABLE", 1: "AVAILABLE"})
    labels = {"version_labels": {"stable": 1, "canary": 2}}
    library.reload(model("tagged", tmp_path, **everything, **labels))
    stable = library.post("/v1/models/tagged/labels/stable:predict", {"instances": [2.0]})
    assert stable.json() == {"predictions": [2.0]}
    request = predict_request(model="tagged", x=[2.0])
    request.model_spec.version_label = "canary"
    response = library.prediction.Predict(request, timeout=30)
    assert response.model_spec.version.value == 2
    assert response.model_spec.WhichOneof("version_choice") == "version"
    wrong = {"version_labels": {"stable": 7}}
    reload = lambda: library.reload(model("tagged", tmp_path, **everything, **wrong))  # noqa: E731
    assert code_of(reload) is grpc.StatusCode.FAILED_PRECONDITION


def test_a_reload_replaces_the_whole_configuration(library, publish, tmp_path):
    publish("affine1", tmp_path / "a", 1)
    publish("affine2", tmp_path / "b", 1)
    library.reload(model("left", tmp_path / "a"), model("right", tmp_path / "b"))
    assert version_of(library, "left") == version_of(library, "right") == 1
    library.reload(model("right", tmp_path / "b"))
    library.wait_states("left", {1: "END"})
    assert library.get("/v1/models/left/metadata").status == 404
    assert version_of(library, "right") == 1


def test_a_model_that_leaves_and_comes_back(library, publish, tmp_path):
    publish("affine1", tmp_path / "a", 1)
    publish("affine2", tmp_path / "b", 1)
    for _ in range(3):
        library.reload(model("back", tmp_path / "a"))
        assert library.predict(model="back", x=[2.0])["y"].tolist() == [2.0]
        assert library.states("back") == {1: "AVAILABLE"}
        library.reload(model("other", tmp_path / "b"))


@pytest.mark.parametrize(
    "models",
    [
        [{"name": "twice", "base_path": "/models"}, {"name": "twice", "base_path": "/models"}],
        [{"name": "relative", "base_path": "models"}],
        [{"name": "nothing", "base_path": "/models", "model_platform": ""}],
    ],
)
def test_wrong_configurations(library, models):
    assert code_of(lambda: library.reload(*models)) is grpc.StatusCode.INVALID_ARGUMENT


SWITCHES = 40
LAST = 46
CLIENTS = 6
IN_MEMORY = {"LOADING", "AVAILABLE", "UNLOADING"}


def test_no_request_fails_while_versions_change_and_three_are_in_memory_at_most(
    library, publish, tmp_path
):
    publish("affine1", tmp_path, 1)
    library.reload(model("busy", tmp_path))
    answered: list[set[int]] = [set() for _ in range(CLIENTS)]
    failures: list[str] = []
    most = [0]
    stop = threading.Event()

    def ask_grpc(number: int) -> None:
        answered[number].add(version_of(library, "busy"))

    def ask_rest(number: int) -> None:
        answer = library.post("/v1/models/busy:predict", {"instances": [0.0]})
        assert answer.status == 200, answer
        answered[number].add(int(answer.json()["predictions"][0]))

    def count(number: int) -> None:
        loaded = [state for state in library.states("busy").values() if state in IN_MEMORY]
        most[0] = max(most[0], len(loaded))

    def repeat(ask, number: int) -> None:
        # A moment between requests: the processors are for the server, too.
        while not stop.wait(0.005):
            try:
                ask(number)
            except (grpc.RpcError, AssertionError, OSError) as error:
                failures.append(str(error))

    jobs = [(ask_grpc if n % 2 else ask_rest, n) for n in range(CLIENTS)] + [(count, 0)]
    threads = [threading.Thread(target=repeat, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        for version in range(2, LAST + 1):
            publish("affine2", tmp_path, version)
            # Every tenth is followed by another before it can be there.
            if version % 10:
                wait_for(
                    lambda version=version: library.states("busy").get(version) == "AVAILABLE",
                    lambda: str(library.states("busy")),
                )
        wait_for(lambda: all(max(seen, default=0) >= 2 for seen in answered), lambda: str(failures))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert most[0] <= 3
    states = library.states("busy")
    assert len(states) > SWITCHES
    ended = {version: "END" for version in states if version != LAST}
    library.wait_states("busy", {**ended, LAST: "AVAILABLE"})


def record(value):
    log = prediction_log_pb2.PredictionLog()
    log.predict_log.request.CopyFrom(predict_request(model="any name", x=value))
    return log.SerializeToString()


def test_warm_up(library, publish, tmp_path):
    base = tmp_path / "base"
    staged = publish("affine1", tmp_path, "staged")
    server_models.write_warmup(staged, [record([1.0]), record([1.0, 2.0])])
    base.mkdir()
    staged.rename(base / "1")
    library.reload(model("warm", base))
    assert version_of(library, "warm") == 1
    for version, records in ((2, [record([1])]), (3, [b"\xff\xff\xff"])):
        staged = publish("affine2", tmp_path, f"staged-{version}")
        server_models.write_warmup(staged, records)
        staged.rename(base / str(version))
        wait_for(
            lambda version=version: library.states("warm").get(version) == "END",
            lambda: str(library.states("warm")),
        )
        assert version_of(library, "warm") == 1
    staged = publish("affine3", tmp_path, "staged-4")
    server_models.write_warmup(staged, []).write_bytes(b"no TFRecord at all")
    staged.rename(base / "4")
    wait_for(lambda: library.states("warm").get(4) == "END", lambda: "version 4 was accepted")
    assert version_of(library, "warm") == 1
