"""Start-up: flags, configuration files, failures, TLS, batching."""

import concurrent.futures

import grpc
import numpy as np
import pytest
from server_harness import ServerProcess, predict_request, wait_for

FAILED = 255
USAGE = 2


def ends(arguments, tmp_path, *, status):
    """Start a server that should give up; return its output."""
    server = ServerProcess(arguments, log=tmp_path / "log")
    try:
        wait_for(lambda: server.process.poll() is not None, server._tell)
        assert server.process.returncode == status
        assert not server.listening()
        return server._tell()
    finally:
        server.stop()


def test_a_wrong_command_line_shows_the_usage(tmp_path):
    arguments = ["--model_base_path=/m", "--no_such_flag=1"]
    assert "unrecognized arguments: --no_such_flag=1" in ends(arguments, tmp_path, status=USAGE)


def test_a_broken_newest_version_ends_the_start(publish, tmp_path):
    base = tmp_path / "base"
    publish("affine1", base, 1)
    (base / "2").mkdir()
    text = ends(
        ["--model_name=m", f"--model_base_path={base}", "--max_num_load_retries=0"],
        tmp_path,
        status=FAILED,
    )
    assert "did not become available" in text


def model_list(*models):
    entries = [
        f'config {{ name: "{name}" base_path: "{base}" model_platform: "tensorflow" {more} }}'
        for name, base, more in models
    ]
    return f"# two models\nmodel_config_list {{ {' '.join(entries)} }}"


def test_configuration_file_polling_labels_and_a_late_base_path(publish, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    config = tmp_path / "models.config"
    labels = 'version_labels { key: "stable" value: 1 }'
    config.write_text(model_list(("first", first, labels)))
    server = ServerProcess(
        [
            f"--model_config_file={config}",
            "--model_config_file_poll_wait_seconds=0.1",
            "--file_system_poll_wait_seconds=0.1",
            "--allow_version_labels_for_unavailable_models=true",
        ],
        log=tmp_path / "log",
    )
    try:
        # An absent base path is waited for, and the ports stay closed meanwhile.
        wait_for(lambda: "cannot list" in server._tell(), server._tell)
        assert server.process.poll() is None and not server.listening()
        publish("affine1", first, 1)
        server.wait_ready()
        stable = server.post("/v1/models/first/labels/stable:predict", {"instances": [2.0]})
        assert stable.json() == {"predictions": [2.0]}
        config.write_text("model_config_list { broken")
        wait_for(lambda: "old model configuration stays" in server._tell(), server._tell)
        assert server.get("/v1/models/first/metadata").status == 200
        publish("affine2", second, 1)
        config.write_text(model_list(("second", second, "")))
        server.wait_states("second", {1: "AVAILABLE"})
        server.wait_states("first", {1: "END"})
        assert server.get("/monitoring/prometheus/metrics").status == 404
    finally:
        server.stop()


def test_batched_answers_reach_whoever_asked(batching):
    def ask(number):
        value = float(number)
        if number % 2:
            return batching.predict("", x=[value])["y"].tolist() == [2 * value]
        answer = batching.post("/v1/models/kitchen:predict", {"instances": [value]})
        return answer.json() == {"predictions": [2 * value]}

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(200)))


def test_batched_signatures_keep_their_outputs_apart(batching):
    request = predict_request("two", a=[1.0], b=[2.0])
    request.output_filter.append("difference")
    response = batching.prediction.Predict(request, timeout=30)
    assert response.outputs["difference"].float_val[0] == -1.0


def test_batching_refuses_scalars_and_large_requests(batching):
    for value in (1.0, [1.0] * 5):
        with pytest.raises(grpc.RpcError) as caught:
            batching.predict("echo_float", x=value)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert batching.predict("", x=[1.0] * 4)["y"].tolist() == [2.0] * 4


def test_errors_under_batching(batching):
    answer = batching.predict_rest("refuse", {"instances": [-1.0]})
    assert answer.status == 400 and "only positive numbers" in answer.error


def test_deadlines_under_batching(batching):
    for _ in range(3):
        with pytest.raises(grpc.RpcError) as caught:
            batching.predict("spin", n=np.array([2**62], np.int64), timeout=0.4)
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    count = np.array([100], np.int64)
    assert batching.predict("spin", n=count)["count"].tolist() == [100]
    assert batching.predict("", x=[1.0])["y"].tolist() == [2.0]


def test_one_bad_request_does_not_fail_its_batch(batching):
    def ask(value):
        return batching.predict_rest("refuse", {"instances": [value]}).status

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        values = [1.0, 2.0, -1.0, 3.0] * 6
        assert list(pool.map(ask, values)) == [200, 200, 400, 200] * 6


def test_a_model_of_tf1_answers_under_batching(batching):
    assert batching.predict(model="tf1", x=[1.0, 2.0])["y"].tolist() == [1.25, 2.25]
