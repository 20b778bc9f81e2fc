"""Start-up: flags, configuration files, failures, TLS, batching."""

import concurrent.futures
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import grpc
import numpy as np
import pytest
from server_harness import ServerProcess, predict_request, running, wait_for
from tensorflow_serving.apis import (
    inference_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

FAILED = 255


def ends(arguments, tmp_path):
    """Start a server that should give up; return its output."""
    server = ServerProcess(arguments, log=tmp_path / "log")
    try:
        wait_for(lambda: server.process.poll() is not None, server._tell)
        assert server.process.returncode == FAILED
        assert not server.listening()
        return server._tell()
    finally:
        server.stop()


def test_nothing_to_serve(tmp_path):
    assert "model_base_path" in ends([], tmp_path)


def test_unreadable_flag_values(tmp_path):
    assert "file_system_poll_wait_seconds" in ends(
        ["--model_base_path=/models", "--file_system_poll_wait_seconds=soon"], tmp_path
    )


def test_a_broken_newest_version_ends_the_start(publish, tmp_path):
    base = tmp_path / "base"
    publish("affine1", base, 1)
    (base / "2").mkdir()
    text = ends(
        ["--model_name=m", f"--model_base_path={base}", "--max_num_load_retries=0"], tmp_path
    )
    assert "did not become available" in text


def test_batching_parameters_without_batching(publish, tmp_path):
    base = tmp_path / "base"
    publish("affine1", base, 1)
    (tmp_path / "batching").write_text("max_batch_size { value: 4 }")
    ends(
        [f"--model_base_path={base}", f"--batching_parameters_file={tmp_path / 'batching'}"],
        tmp_path,
    )


def test_a_broken_model_configuration(tmp_path):
    (tmp_path / "models.config").write_text("model_config_list { nonsense }")
    assert "Error parsing text-format" in ends(
        [f"--model_config_file={tmp_path / 'models.config'}"], tmp_path
    )


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
            "--model_config_file_poll_wait_seconds=1",
            "--allow_version_labels_for_unavailable_models=true",
            "--this_flag_is_unknown=1",
        ],
        log=tmp_path / "log",
    )
    try:
        # An absent base path is waited for, and the ports stay closed meanwhile.
        wait_for(lambda: "unknown argument" in server._tell(), server._tell)
        time.sleep(1)
        assert server.process.poll() is None and not server.listening()
        publish("affine1", first, 1)
        server.wait_ready()
        stable = server.post("/v1/models/first/labels/stable:predict", {"instances": [2.0]})
        assert stable.json() == {"predictions": [2.0]}
        config.write_text("model_config_list { broken")
        time.sleep(2.5)
        assert server.get("/v1/models/first/metadata").status == 200
        publish("affine2", second, 1)
        config.write_text(model_list(("second", second, "")))
        server.wait_states("second", {1: "AVAILABLE"})
        server.wait_states("first", {1: "END"})
        assert server.get("/monitoring/prometheus/metrics").status == 404
        assert "access-control-allow-origin" not in server.get("/v1/models/second").headers
    finally:
        server.stop()


def test_labels_for_versions_that_are_not_there(publish, tmp_path):
    publish("affine1", tmp_path / "base", 1)
    config = tmp_path / "models.config"
    config.write_text(
        model_list(("m", tmp_path / "base", 'version_labels { key: "stable" value: 9 }'))
    )
    ends([f"--model_config_file={config}"], tmp_path)


@pytest.fixture(scope="module")
def batching(built, tmp_path_factory):
    """Return a server that gathers requests: four rows at most, up to 50 ms."""
    base = tmp_path_factory.mktemp("batching")
    shutil.copytree(built / "kitchen", base / "models" / "1")
    (base / "batching").write_text(
        "max_batch_size { value: 4 }\nbatch_timeout_micros { value: 50000 }\n"
        "max_enqueued_batches { value: 100 }\nnum_batch_threads { value: 2 }\n"
        "allowed_batch_sizes: 2\nallowed_batch_sizes: 4\n"
    )
    arguments = [
        "--model_name=kitchen",
        f"--model_base_path={base / 'models'}",
        "--enable_batching=true",
        f"--batching_parameters_file={base / 'batching'}",
    ]
    with running(arguments, log=base / "log") as server:
        yield server


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
    answer = batching.post(
        "/v1/models/kitchen:regress", {"signature_name": "regress", "examples": [{"x": 2.0}]}
    )
    assert answer.json() == {"results": [20.0]}


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
            batching.predict("spin", n=np.array([2**62], np.int64), timeout=1)
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    count = np.array([100], np.int64)
    assert batching.predict("spin", n=count)["count"].tolist() == [100]
    assert batching.predict("", x=[1.0])["y"].tolist() == [2.0]


def two_tasks():
    """Return a MultiInferenceRequest for both signatures of the TF1 model."""
    request = inference_pb2.MultiInferenceRequest()
    request.input.example_list.examples.add()
    for signature, method in (("", "classify"), ("regress", "regress")):
        task = request.tasks.add(method_name=f"tensorflow/serving/{method}")
        task.model_spec.name = "old"
        task.model_spec.signature_name = signature
    return request


@pytest.mark.parametrize("batch", [False, True])
def test_models_of_tf1_and_the_method_name_check(publish, tmp_path, batch):
    publish("tf1", tmp_path / "models", 1)
    arguments = [
        "--model_name=old",
        f"--model_base_path={tmp_path / 'models'}",
        "--enable_signature_method_name_check=true",
        "--enable_serialization_as_tensor_content=true",
        f"--enable_batching={str(batch).lower()}",
    ]
    with running(arguments, log=tmp_path / "log", rest=False) as server:
        response = server.prediction.MultiInference(two_tasks(), timeout=30)
        classified, regressed = response.results
        (entry,) = classified.classification_result.classifications
        assert [one.score for one in entry.classes] == [0.25, -0.25]
        assert [one.value for one in regressed.regression_result.regressions] == [0.25]
        assert classified.model_spec.version.value == 1
        request = predict_request("regress", model="old", inputs=[b"", b""])
        output = server.prediction.Predict(request, timeout=30).outputs["outputs"]
        assert np.frombuffer(output.tensor_content, np.float32).tolist() == [0.25, 0.25]
        assert not output.float_val
        with pytest.raises(grpc.RpcError) as caught:
            server.predict("odd", model="old", inputs=[b""])
        assert caught.value.code() is grpc.StatusCode.INTERNAL
        wrong = regression_pb2.RegressionRequest()
        wrong.model_spec.name = "old"
        wrong.input.example_list.examples.add()
        with pytest.raises(grpc.RpcError) as caught:
            server.prediction.Regress(wrong, timeout=30)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "Expected regression signature method_name to be" in caught.value.details()


def test_a_unix_socket(publish, tmp_path):
    import shutil

    # Socket paths are short: 107 bytes.
    folder = Path(tempfile.mkdtemp())
    try:
        publish("affine1", tmp_path / "models", 1)
        arguments = [
            "--model_name=m",
            f"--model_base_path={tmp_path / 'models'}",
            f"--grpc_socket_path={folder / 's'}",
        ]
        with (
            running(arguments, log=tmp_path / "log", rest=False),
            grpc.insecure_channel(f"unix:{folder / 's'}") as channel,
        ):
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            response = stub.Predict(predict_request(model="m", x=[2.0]), timeout=30)
            assert list(response.outputs["y"].float_val) == [2.0]
    finally:
        shutil.rmtree(folder)


def test_per_model_batching_parameters(publish, tmp_path):
    staged = publish("affine1", tmp_path, "staged")
    (staged / "batching_params.pbtxt").write_text("max_batch_size { value: 2 }")
    (tmp_path / "models").mkdir()
    staged.rename(tmp_path / "models" / "1")
    arguments = [
        "--model_name=m",
        f"--model_base_path={tmp_path / 'models'}",
        "--enable_batching=true",
        "--enable_per_model_batching_parameters=true",
    ]
    with running(arguments, log=tmp_path / "log", rest=False) as server:
        assert server.predict(model="m", x=[2.0, 2.0])["y"].tolist() == [2.0, 2.0]
        with pytest.raises(grpc.RpcError) as caught:
            server.predict(model="m", x=[2.0] * 3)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def certificate():
    """Return a self-signed key and certificate for localhost, as PEM texts."""
    done = subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "-",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    key, _, rest = done.stdout.partition("-----BEGIN CERTIFICATE-----")
    return key, "-----BEGIN CERTIFICATE-----" + rest


def test_tls_on_grpc(publish, tmp_path):
    base = tmp_path / "base"
    publish("affine1", base, 1)
    key, cert = certificate()
    ssl = tmp_path / "ssl.config"
    quoted = [text.replace("\n", "\\n") for text in (key, cert)]
    ssl.write_text(f'server_key: "{quoted[0]}"\nserver_cert: "{quoted[1]}"\nclient_verify: false\n')
    arguments = ["--model_name=m", f"--model_base_path={base}", f"--ssl_config_file={ssl}"]
    with running(arguments, log=tmp_path / "log", rest=False) as server:
        credentials = grpc.ssl_channel_credentials(cert.encode())
        with grpc.secure_channel(f"localhost:{server.port}", credentials) as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            response = stub.Predict(predict_request(model="m", x=[2.0]), timeout=30)
            assert list(response.outputs["y"].float_val) == [2.0]
        with grpc.insecure_channel(f"localhost:{server.port}") as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            with pytest.raises(grpc.RpcError) as caught:
                stub.Predict(predict_request(model="m", x=[2.0]), timeout=10)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
