"""With the gateway and without: the same bytes, the same log whoever asks."""

import base64
import hashlib
import json
from collections.abc import Iterator

import grpc
import numpy as np
import pytest
from bright_model import MODEL, png
from gateway_harness import Gateway, ask, running, wait_until

from serving.client import connect
from serving.protocol import wire_messages as wire
from serving.protocol.wire_messages import METADATA, PREDICT, STATUS
from serving.server.launch import RunningServer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow.*"),
]
PATH = f"/v1/models/{MODEL}"


@pytest.fixture(scope="module")
def gateway(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("gateway")
    # Everything is measured, however busy the machine is.
    flags = ("--embedding-share=1", "--embeddings-per-s=1000", "--busy-statistics-share=1")
    with running(
        folder, *flags, upstream=server.rest_url, upstream_grpc=server.grpc_address
    ) as gateway:
        yield gateway


def b64(data: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(data).decode()}


ROW = json.dumps({"instances": [b64(png(10)), b64(png(200))]}).encode()
REQUESTS = {
    "row": ("POST", f"{PATH}:predict", ROW),
    "column": ("POST", f"{PATH}:predict", json.dumps({"inputs": [b64(png(99))]}).encode()),
    "version": ("POST", f"{PATH}/versions/3:predict", ROW),
    "large": ("POST", f"{PATH}:predict", ROW + b" " * 2_000_000),
    "not JSON": ("POST", f"{PATH}:predict", b"\xff\x00{"),
    "no picture": ("POST", f"{PATH}:predict", json.dumps({"instances": [b64(b"x")]}).encode()),
    "empty": ("POST", f"{PATH}:predict", b""),
    "unknown model": ("POST", "/v1/models/nobody:predict", ROW),
    "unknown version": ("POST", f"{PATH}/versions/9:predict", ROW),
    "classify": ("POST", f"{PATH}:classify", ROW),
    "status": ("GET", PATH, None),
    "metadata": ("GET", f"{PATH}/metadata", None),
    "odd path": ("GET", f"{PATH}/../%2e%2E//x?y=%20&z", None),
    "put": ("PUT", PATH, b"x"),
    "options": ("OPTIONS", PATH, None),
    "elsewhere": ("GET", "/elsewhere", None),
    "no metrics": ("GET", "/monitoring/prometheus/metrics", None),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_rest_answers_are_the_same_bytes(
    name: str, gateway: Gateway, server: RunningServer
) -> None:
    method, path, body = REQUESTS[name]
    direct = ask(server.rest_url + path, body, method=method)
    through = ask(gateway.rest + path, body, method=method)
    assert (through.status, through.body) == (direct.status, direct.body)
    own = {"Date", "X-Request-ID", "Connection"}
    assert {k: v for k, v in through.headers.items() if k not in own} == {
        k: v for k, v in direct.headers.items() if k not in own
    }


def grpc_outcome(address: str, method: str, request: bytes) -> tuple[str, str, bytes]:
    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        try:
            return "OK", "", channel.unary_unary(method)(request, timeout=30)
        except grpc.RpcError as error:
            return error.code().name, error.details() or "", b""


def predict_request(*pictures: bytes, model: str = MODEL, signature: str = "") -> bytes:
    request = wire.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    tensor = request.inputs["image_bytes"]
    tensor.dtype = wire.DT_STRING
    tensor.tensor_shape.dim.add(size=len(pictures))
    tensor.string_val.extend(pictures)
    return bytes(request.SerializeToString())


def test_grpc_answers_are_the_same(gateway: Gateway, server: RunningServer) -> None:
    status = wire.GetModelStatusRequest()
    status.model_spec.name = MODEL
    metadata = wire.GetModelMetadataRequest(metadata_field=["signature_def"])
    metadata.model_spec.name = MODEL
    calls = [
        (PREDICT, predict_request(png(1), png(250))),
        (PREDICT, predict_request(png(1) * 30_000)),
        (PREDICT, predict_request(b"no picture")),
        (PREDICT, predict_request(png(1), model="nobody")),
        (PREDICT, predict_request(png(1), signature="nothing")),
        (PREDICT, b"\xff\xff\xff"),
        (STATUS, status.SerializeToString()),
        (METADATA, metadata.SerializeToString()),
        ("/tensorflow.serving.PredictionService/Unheard", b""),
        ("/tensorflow.serving.PredictionService/Regress", b""),
    ]
    for method, request in calls:
        direct = grpc_outcome(server.grpc_address, method, request)
        through = grpc_outcome(gateway.grpc, method, request)
        if method == METADATA:
            # A protobuf map is written in any order.
            assert through[:2] == direct[:2] and len(through[2]) == len(direct[2])
        elif direct[0] == "OK" and method == PREDICT:
            parsed = [wire.PredictResponse.FromString(one[2]) for one in (through, direct)]
            assert parsed[0] == parsed[1]
        else:
            assert through == direct


@pytest.mark.parametrize("kind", ["rest", "grpc"])
def test_what_was_asked_is_in_the_log(kind: str, gateway: Gateway) -> None:
    address = gateway.rest if kind == "rest" else gateway.grpc
    pictures = [png(60), png(230, size=(20, 10))]
    digests = {hashlib.sha256(picture).hexdigest() for picture in pictures}
    with connect(address, model=MODEL) as client:
        answer = client.predict_pictures(pictures)

    def rows() -> list[dict[str, object]]:
        every = gateway.table(MODEL).to_pylist()
        mine = [row for row in every if row["picture_sha256"] in digests]
        return [row for row in mine if row["interface"].lower() == kind]

    def complete() -> bool:
        found = rows()
        return len(found) == 2 and all(row["embedding"] for row in found)

    wait_until(complete, lambda: f"{rows()} {gateway.health()}")
    found = rows()
    np.testing.assert_allclose([row["scores"] for row in found], answer.probabilities, rtol=1e-5)
    assert tuple(row["decision"] for row in found) == answer.decisions
    assert [row["row"] for row in found] == [0, 1]
    assert {row["version"] for row in found} == {3}
    assert [(row["height_px"], row["width_px"]) for row in found] == [(6, 8), (10, 20)]
    assert [row["s_mean"] for row in found] == pytest.approx([60, 230])
    with connect(address, model=MODEL) as client:
        features = client.features(pictures).values
    np.testing.assert_allclose([row["embedding"] for row in found], features, rtol=1e-6)


def test_ids_and_origin_come_from_headers(gateway: Gateway) -> None:
    headers = {"X-Request-ID": "order 66", "X-Graft-Group": "M12", "X-Graft-Camera": "left"}
    answer = ask(f"{gateway.rest}{PATH}:predict", ROW, headers=headers)
    assert answer.headers["X-Request-ID"] == "order 66"
    # A REST answer names no version and neither did the path: it was looked up.
    wait_until(
        lambda: gateway.table(MODEL).column("request_id").to_pylist().count("order 66") == 2,
        gateway.text,
    )
    rows = [row for row in gateway.table(MODEL).to_pylist() if row["request_id"] == "order 66"]
    assert {(row["group"], row["camera"], row["line"], row["version"]) for row in rows} == {
        ("M12", "left", "", 3)
    }


def test_pages(gateway: Gateway) -> None:
    ask(f"{gateway.rest}{PATH}:predict", ROW)
    assert gateway.health()["upstream"] == "reachable"
    assert ask(f"{gateway.rest}/gateway/ready").status == 200
    assert ask(f"{gateway.rest}/gateway/nothing").status == 404
    page = ask(f"{gateway.rest}/gateway/metrics").body.decode()
    assert 'graft_gateway_requests_total{interface="REST",status="200"}' in page
    assert "# TYPE graft_gateway_dropped_total counter\ngraft_gateway_dropped_total 0" in page
    assert "graft_gateway_queue_bytes" in page


def test_strangers_make_no_folders(gateway: Gateway) -> None:
    before = gateway.count("log_unknown_model")
    ask(f"{gateway.rest}/v1/models/nobody:predict", ROW)
    ask(f"{gateway.rest}/v1/models/..%2F..%2Fhome:predict", ROW)
    wait_until(lambda: gateway.count("log_unknown_model") > before, gateway.text)
    wait_until(lambda: gateway.count("log_unusable_model_name") > 0, gateway.text)
    assert [path.name for path in gateway.log.iterdir()] == [MODEL]


def test_what_cannot_be_read_is_counted(gateway: Gateway) -> None:
    before = gateway.count("log_unreadable_requests")
    ask(f"{gateway.rest}{PATH}:predict", b"{")
    wait_until(lambda: gateway.count("log_unreadable_requests") > before, gateway.text)
    row = gateway.table(MODEL).to_pylist()[-1]
    assert (row["status"], row["scores"], row["picture_sha256"]) == (400, None, "")


def test_the_sample_of_pictures(gateway: Gateway) -> None:
    picture = png(123, size=(33, 3))
    body = json.dumps({"instances": [b64(picture)]}).encode()
    ask(f"{gateway.rest}{PATH}:predict", body)
    folder = gateway.log / MODEL / "pictures"
    wait_until(
        lambda: any(path.read_bytes() == picture for path in folder.glob("*.png")), gateway.text
    )
