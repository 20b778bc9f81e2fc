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


def test_both_ports_are_on_loopback_only(kitchen):
    listening = {
        connection.laddr.ip.removeprefix("::ffff:")
        for connection in psutil.Process(kitchen.process.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_tensorflow_says_nothing_at_the_start(publish, tmp_path):
    publish("affine1", tmp_path / "models", 1)
    with running(serve(tmp_path), log=tmp_path / "log") as server:
        assert server.predict("", x=[1.0])["y"].tolist() == [1.5]
        assert [line for line in server._tell().splitlines() if " serving.server" not in line] == []


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


def test_after_sigterm_requests_in_flight_finish_and_nothing_unneeded_was_imported(
    publish, tmp_path, monkeypatch
):
    publish("pantry", tmp_path / "models", 1)
    (tmp_path / "probe.py").write_text(PROBE)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("GRAFT_SERVER_COMMAND", f"{sys.executable} {tmp_path / 'probe.py'}")
    arguments = serve(tmp_path, "--drain_seconds=120")
    with running(arguments, log=tmp_path / "log") as server:
        assert server.predict("", x=[1.0])["y"].tolist() == [2.0]
        assert server.post("/v1/models/kitchen:predict", {"instances": [1.0]}).status == 200
        assert server.get("/v1/models/kitchen/metadata").status == 200
        count = work_of_seconds(server, 2)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            by_grpc = pool.submit(server.predict, "spin", n=np.array([count], np.int64))
            by_rest = pool.submit(server.predict_rest, "spin", {"instances": [count]})
            busy = psutil.Process(server.process.pid).cpu_times
            before = busy().user
            wait_for(lambda: busy().user - before > 0.5, server._tell)
            server.process.send_signal(signal.SIGTERM)
            wait_for(lambda: "draining" in server._tell(), server._tell)
            wait_for(lambda: not server.answers(), server._tell)
            with pytest.raises(grpc.RpcError) as refused:
                server.prediction.Predict(predict_request(x=[1.0]), timeout=20)
            assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
            assert by_grpc.result()["count"].tolist() == [count]
            assert by_rest.result().json() == {"predictions": [count]}
        assert server.process.wait(30) == 0
    printed = dict(line.partition(" ")[::2] for line in server.log.read_text().splitlines())
    assert printed["status"] == "0"
    assert UNNEEDED & set(printed["modules"].split()) == set()
    assert printed["ours"].split() == ["components.common", "components.common.errors"]


def work_of_seconds(server, seconds):
    """Return how far `spin` must count to be busy so long, whatever this machine's speed."""
    server.predict("spin", n=np.array([1], np.int64))
    took_s = []
    for _ in range(3):
        began = time.monotonic()
        server.predict("spin", n=np.array([100_000], np.int64))
        took_s.append(time.monotonic() - began)
    return int(100_000 * seconds / min(took_s))


def test_ctrl_c_before_the_first_load_ends_a_server_that_was_started_with_it_ignored(tmp_path):
    """A shell starts what runs in the background so."""
    (tmp_path / "models").mkdir()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        server = ServerProcess(serve(tmp_path), log=tmp_path / "log")
    finally:
        signal.signal(signal.SIGINT, before)
    wait_for(lambda: "No versions of servable" in server._tell(), server._tell)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), 1)
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(60) == 128 + signal.SIGINT
