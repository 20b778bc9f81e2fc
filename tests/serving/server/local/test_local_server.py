"""What the local server promises beyond the original."""

import concurrent.futures
import signal
import socket
import sys
import time

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
            connection.laddr.ip.removeprefix("::ffff:")
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


PROBE = """
import sys
from serving.server.__main__ import main
status = main(sys.argv[1:])
print("status", status)
print("modules", *sorted({name.partition(".")[0] for name in sys.modules}))
ours = [name for name in sys.modules if name.startswith(("components.", "pipelines"))]
print("ours", *sorted(ours))
"""
UNNEEDED = {
    "great_expectations",
    "keras",
    "kfp",
    "matplotlib",
    "pandas",
    "pydantic",
    "scipy",
    "sklearn",
    "h5py",
    "PIL",
}


def test_a_server_that_has_answered_has_imported_nothing_unneeded(one_kitchen, monkeypatch):
    (one_kitchen / "probe.py").write_text(PROBE)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("GRAFT_SERVER_COMMAND", f"{sys.executable} {one_kitchen / 'probe.py'}")
    with running(serve(one_kitchen), log=one_kitchen / "log") as server:
        assert server.predict("", x=[1.0])["y"].tolist() == [2.0]
        body = {"signature_name": "regress", "examples": [{"x": 1.0}]}
        assert server.post("/v1/models/kitchen:regress", body).status == 200
        assert server.get("/v1/models/kitchen/metadata").status == 200
        assert server.stop() == 0
    told = dict(line.partition(" ")[::2] for line in server.log.read_text().splitlines())
    assert told["status"] == "0"
    assert UNNEEDED & set(told["modules"].split()) == set()
    assert told["ours"].split() == ["components.common", "components.common.errors"]


def test_a_signal_before_the_first_load_ends_the_server(tmp_path):
    (tmp_path / "models").mkdir()
    server = ServerProcess(serve(tmp_path), log=tmp_path / "log")
    wait_for(lambda: "No versions of servable" in server._tell(), server._tell)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), 1)
    assert server.stop() == 128 + signal.SIGTERM
