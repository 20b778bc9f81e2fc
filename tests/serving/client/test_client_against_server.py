"""Both clients against the local server: the same questions, the same answers."""

import io
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from bright_model import MODEL, png, write_model
from PIL import Image

from components.common.errors import DataError, RequestError, ServerError, UnreachableError
from serving.client import Client, connect
from serving.client.examples import examples
from serving.client.grpc_client import GrpcClient
from serving.client.rest_client import RestClient
from serving.server.launch import RunningServer, launch

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow.*"),
]


def address_of(server: RunningServer, kind: str) -> str:
    return server.rest_url if kind == "rest" else server.grpc_address


@pytest.fixture(params=["rest", "grpc"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(server: RunningServer, kind: str) -> Iterator[Client]:
    with connect(address_of(server, kind), model=MODEL, timeout_s=20) as connected:
        yield connected


def test_predicts_pictures_in_order(client: Client) -> None:
    levels = [0, 100, 255]
    answer = client.predict_pictures([png(level) for level in levels])
    bright = np.array(levels, np.float32) / 255
    np.testing.assert_allclose(
        answer.probabilities, np.stack([1 - bright, bright], axis=1), atol=1e-6
    )
    assert answer.probabilities.dtype == np.float32
    assert answer.classes == ("dark", "dark", "bright")
    assert answer.decisions == ("dark", "bright", "bright")
    assert (answer.model, answer.version) == (MODEL, 3)


def test_both_protocols_give_the_same_bits(server: RunningServer) -> None:
    pictures = [png(level) for level in range(0, 256, 5)]
    with (
        RestClient(server.rest_url, model=MODEL) as rest_client,
        GrpcClient(server.grpc_address, model=MODEL) as grpc_client,
    ):
        rest = rest_client.predict_pictures(pictures)
        grpc = grpc_client.predict_pictures(pictures)
    np.testing.assert_array_equal(rest.probabilities, grpc.probabilities)
    assert rest.classes == grpc.classes


def test_features(client: Client) -> None:
    answer = client.features([png(51), png(255)])
    np.testing.assert_allclose(answer.values, [[0.2, 0.4, 0.6], [1, 2, 3]], atol=1e-5)
    assert answer.version == 3


def test_a_turned_picture_in_a_format_the_server_cannot_read(client: Client) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.full((4, 9, 3), 255, np.uint8)).save(buffer, format="TIFF")
    assert client.predict_pictures([buffer.getvalue()]).classes == ("bright",)


def test_status_and_signature(client: Client) -> None:
    (version,) = client.status()
    assert (version.version, version.state, version.error) == (3, "AVAILABLE", "")
    signature = client.signature()
    assert [(spec.name, spec.dtype, spec.shape) for spec in signature.inputs] == [
        ("image_bytes", "string", (-1,))
    ]
    outputs = {spec.name: (spec.dtype, spec.shape) for spec in signature.outputs}
    assert outputs == {
        "classes": ("string", (-1,)),
        "decision": ("string", (-1,)),
        "probabilities": ("float", (-1, 2)),
    }
    assert client.wait_until_available(timeout_s=1) == 3


def test_an_unknown_model_is_named(server: RunningServer, kind: str) -> None:
    with connect(address_of(server, kind), model="solar") as client:
        for ask in (client.status, lambda: client.predict_pictures([png(1)]), client.signature):
            with pytest.raises(ServerError, match="an answer, but it has no model `solar`"):
                ask()


def test_an_unknown_version_is_answered_with_the_known_ones(
    server: RunningServer, kind: str
) -> None:
    with (
        connect(address_of(server, kind), model=MODEL, version=9) as client,
        pytest.raises(ServerError, match=r"version 9 of .*received version 3 AVAILABLE"),
    ):
        client.predict_pictures([png(1)])


def test_an_unknown_signature_is_answered_with_the_known_ones(client: Client) -> None:
    with pytest.raises(ServerError, match=r"signature 'pixels'.*features.*serving_default"):
        client.signature("pixels")


def test_a_damaged_picture_never_leaves_the_client(client: Client) -> None:
    with pytest.raises(DataError, match=r"picture 1: .*(damaged|no decoder)"):
        client.predict_pictures([png(3), png(3)[:40]])
    with pytest.raises(DataError, match="at least one picture"):
        client.predict_pictures([])


def test_too_many_bytes_are_refused_before_they_are_sent(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.client.client.MAX_MESSAGE_BYTES", 100)
    with pytest.raises(RequestError, match="send fewer pictures"):
        client.predict_pictures([png(3)] * 5)


def test_each_protocol_on_the_port_of_the_other(server: RunningServer) -> None:
    with (
        RestClient(f"http://{server.grpc_address}", model=MODEL, timeout_s=5) as rest,
        pytest.raises(UnreachableError),
    ):
        rest.status()
    with (
        GrpcClient(server.rest_url.removeprefix("http://"), model=MODEL, timeout_s=5) as grpc,
        pytest.raises(UnreachableError),
    ):
        grpc.status()


def test_one_client_for_many_threads(client: Client) -> None:
    failures: list[BaseException] = []

    def ask(level: int) -> None:
        try:
            for _ in range(10):
                got = client.predict_pictures([png(level)]).probabilities[0, 1]
                assert abs(got - level / 255) < 1e-6
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=ask, args=(level,)) for level in range(0, 160, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_the_examples_run_as_they_are(server: RunningServer, tmp_path: Path) -> None:
    picture = tmp_path / "a picture's name.png"
    picture.write_bytes(png(255))
    shown = examples(MODEL, server.rest_url, picture=str(picture))
    assert len([line for line in shown.python.splitlines() if line]) <= 10
    assert "key" not in shown.python + shown.curl
    environment = {**os.environ, "no_proxy": "*", "NO_PROXY": "*"}
    for argv in (["sh", "-c", shown.curl], [sys.executable, "-c", shown.python]):
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
        assert "bright" in done.stdout
        assert "1.0" in done.stdout


def test_a_rest_client_imports_neither_grpc_nor_tensorflow() -> None:
    code = (
        "import sys; from serving.client import connect; connect('http://h:1', model='m');"
        "print([m for m in ('grpc', 'google.protobuf', 'tensorflow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_request_fails_while_versions_change(tmp_path: Path) -> None:
    """Versions 1 to 3 are published under load; answers only ever move forward."""
    base = tmp_path / "models"
    write_model(base / "1", scale=0.1)
    write_model(tmp_path / "next-2", scale=0.2)
    shutil.copytree(base / "1", tmp_path / "next-3")
    scales = {1: 0.1, 2: 0.2, 3: 0.1}
    flags = ["--file_system_poll_wait_seconds=0.1"]
    with launch(MODEL, base_path=base, log_path=tmp_path / "log", flags=flags) as server:
        done = threading.Event()
        seen: dict[str, list[int]] = {"rest": [], "grpc": []}
        failures: list[str] = []

        def ask(kind: str) -> None:
            with connect(address_of(server, kind), model=MODEL) as client:
                while not done.is_set():
                    try:
                        answer = client.predict_pictures([png(255)])
                    except ServerError as error:
                        failures.append(f"{kind}: {error}")
                        continue
                    if abs(answer.probabilities[0, 1] - scales[answer.version]) > 1e-6:
                        failures.append(f"{kind}: {answer} is not version {answer.version}'s")
                    seen[kind].append(answer.version)

        threads = [threading.Thread(target=ask, args=(name,)) for name in seen]
        for thread in threads:
            thread.start()
        with RestClient(server.rest_url, model=MODEL) as watcher:
            for version in (2, 3):
                shutil.move(tmp_path / f"next-{version}", base / str(version))
                watcher.wait_until_available(timeout_s=120, version=version)
                while any(version not in versions for versions in seen.values()) and not failures:
                    time.sleep(0.02)
        done.set()
        for thread in threads:
            thread.join()
    assert failures == []
    for versions in seen.values():
        assert versions == sorted(versions)
        assert versions[-1] == 3
