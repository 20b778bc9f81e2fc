"""What the local server promises beyond the original."""

import concurrent.futures
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import grpc
import numpy as np
import psutil
import pytest
from server_harness import REPOSITORY, ServerProcess, predict_request, running, wait_for


def serve(base, *more):
    return ["--model_name", "kitchen", "--model_base_path", str(base / "models"), *more]


@pytest.fixture
def one_kitchen(publish, tmp_path):
    publish("kitchen", tmp_path / "models", 1)
    return tmp_path


def test_requests_in_flight_finish_after_sigterm(one_kitchen):
    with running(serve(one_kitchen), log=one_kitchen / "log") as server:
        server.predict("", x=[1.0])
        request = predict_request("spin", n=np.array([1], np.int64))
        began = time.monotonic()
        request.inputs["n"].int64_val[:] = [100_000]
        request.inputs["n"].tensor_content = b""
        server.prediction.Predict(request, timeout=120)
        # Long enough, whatever this machine's speed: three seconds of work.
        count = int(100_000 * 3 / (time.monotonic() - began))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            by_grpc = pool.submit(server.predict, "spin", n=np.array([count], np.int64))
            by_rest = pool.submit(server.predict_rest, "spin", {"instances": [count]})
            time.sleep(1)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            with pytest.raises(OSError):
                server.get("/v1/models/kitchen")
            late = predict_request(x=[1.0])
            with pytest.raises(grpc.RpcError) as refused:
                server.prediction.Predict(late, timeout=20)
            assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
            assert by_grpc.result()["count"].tolist() == [count]
            assert by_rest.result().json() == {"predictions": [count]}
        assert server.process.wait(30) == 0


def test_both_ports_are_on_loopback_only(one_kitchen):
    with running(serve(one_kitchen), log=one_kitchen / "log") as server:
        listening = {
            connection.laddr.ip
            for connection in psutil.Process(server.process.pid).net_connections()
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == {"127.0.0.1"}
        second = ServerProcess(
            serve(one_kitchen, f"--port={server.port}"), log=one_kitchen / "second"
        )
        # The last one of two flags wins, so the second server finds its port taken.
        wait_for(lambda: second.process.poll() is not None, second._tell)
        assert second.stop() == 255


def test_a_server_that_others_reach_refuses_new_configurations(one_kitchen):
    arguments = serve(one_kitchen, "--host=0.0.0.0")
    with running(arguments, log=one_kitchen / "log") as server:
        with pytest.raises(grpc.RpcError) as caught:
            server.reload({"name": "other", "base_path": "/"})
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_one_bad_request_does_not_fail_its_batch(one_kitchen):
    parameters = one_kitchen / "batching.config"
    parameters.write_text(
        "max_batch_size { value: 16 } batch_timeout_micros { value: 200000 } "
        "num_batch_threads { value: 1 }"
    )
    arguments = serve(one_kitchen, "--enable_batching", f"--batching_parameters_file={parameters}")
    with running(arguments, log=one_kitchen / "log") as server:

        def ask(value):
            return server.predict_rest("refuse", {"instances": [value]}).status

        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            values = [1.0, 2.0, -1.0, 3.0] * 6
            assert list(pool.map(ask, values)) == [200, 200, 400, 200] * 6


ABSENT = (
    "kfp",
    "great_expectations",
    "pandas",
    "matplotlib",
    "sklearn",
    "scipy",
    "keras",
    "pydantic",
)
PROBE = f"""
import sys
from serving.server import __main__
from serving.server.light_tensorflow import import_tensorflow
import_tensorflow()
import serving.server.process
print(*[name for name in {ABSENT!r} if name in sys.modules])
print(*[name for name in sys.modules if name.startswith(("components.", "pipelines"))])
"""


def test_the_server_imports_nothing_that_serving_does_not_need():
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
    )
    unneeded, ours = done.stdout.splitlines()
    assert unneeded == ""
    assert ours.split() == ["components.common", "components.common.errors"]


def test_a_running_server_has_not_imported_it_either(one_kitchen):
    with running(serve(one_kitchen), log=one_kitchen / "log") as server:
        server.predict("", x=[1.0])
        maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    loaded = [name for name in ABSENT if f"/site-packages/{name}/" in maps]
    assert loaded == []


def test_a_signal_before_the_first_load_ends_the_server(tmp_path):
    (tmp_path / "models").mkdir()
    server = ServerProcess(serve(tmp_path), log=tmp_path / "log")
    wait_for(lambda: "No versions of servable" in server._tell(), server._tell)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), 1)
    assert server.stop() == 128 + signal.SIGTERM
