"""REST beyond predict: paths, headers, compression, keep-alive, metrics."""

import gzip
import http.client
import json
import socket

import pytest

PREDICT = "/v1/models/kitchen:predict"
BODY = {"instances": [1.0]}


def test_status(kitchen):
    answer = kitchen.get("/v1/models/kitchen")
    assert answer.json() == {
        "model_version_status": [
            {
                "version": "1",
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            }
        ]
    }
    assert kitchen.get("/v1/models/kitchen/versions/1").json() == answer.json()


def test_status_of_what_does_not_exist(kitchen):
    model = kitchen.get("/v1/models/none")
    assert (model.status, model.error) == (404, "Could not find any versions of model none")
    version = kitchen.get("/v1/models/kitchen/versions/7")
    assert (version.status, version.error) == (404, "Could not find version 7 of model kitchen")
    # The query belongs to the path, so here to the model's name.
    assert kitchen.get("/v1/models/kitchen?verbose=1").status in {400, 404}
    # A label is not looked at.
    assert kitchen.get("/v1/models/kitchen/labels/any").status == 200
    nameless = kitchen.get("/v1/models")
    assert (nameless.status, nameless.error) == (400, "Missing model name in request.")


def test_metadata(kitchen):
    found = kitchen.get("/v1/models/kitchen/metadata").json()
    assert found["model_spec"] == {"name": "kitchen", "signature_name": "", "version": "1"}
    signatures = found["metadata"]["signature_def"]["signature_def"]
    assert "__saved_model_init_op" in signatures
    picture = signatures["matrix"]
    assert picture["method_name"] == "tensorflow/serving/predict"
    assert picture["inputs"]["x"]["dtype"] == "DT_FLOAT"
    assert picture["inputs"]["x"]["tensor_shape"] == {
        "dim": [{"size": size, "name": ""} for size in ("-1", "16", "16", "3")],
        "unknown_rank": False,
    }
    assert signatures["echo_float"]["inputs"]["x"]["tensor_shape"]["unknown_rank"] is True
    assert kitchen.get("/v1/models/none/metadata").status == 404
    assert kitchen.get("/v1/models/kitchen/versions/9/metadata").status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", PREDICT),
        ("POST", "/v1/models/kitchen"),
        ("POST", "/v1/models/kitchen:explode"),
        ("POST", "/v1/models/kitchen:PREDICT"),
        ("GET", "/v1/models/kitchen/versions/abc"),
        ("PUT", PREDICT),
        ("DELETE", "/v1/models/kitchen"),
        ("GET", "/v1/models/kitchen/metadata?verbose=1"),
        ("POST", PREDICT + "?a=b"),
        ("GET", "/v1/other"),
        ("OPTIONS", PREDICT),
    ],
)
def test_malformed_requests(kitchen, method, path):
    answer = kitchen.request(method, path, b"{}" if method in {"POST", "PUT"} else None)
    assert answer.status == 400
    assert answer.error == f"Malformed request: {method} {path}"
    assert answer.headers["content-type"] == "application/json"


def test_paths_ignore_case_and_are_decoded(kitchen):
    assert kitchen.post("/V1/MODELS/kitchen:predict", BODY).status == 200
    assert kitchen.post("/v1/models/k%69tchen:predict", BODY).status == 200
    assert kitchen.post("/v1/models/KITCHEN:predict", BODY).status == 404


def test_a_version_beyond_int64(kitchen):
    assert kitchen.post(f"/v1/models/kitchen/versions/{2**64}:predict", BODY).status == 400


def test_outside_the_api(kitchen):
    answer = kitchen.get("/")
    assert answer.status == 404
    assert "html" in answer.headers["content-type"]


def test_the_content_type_of_a_request_is_ignored(kitchen):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert kitchen.request("POST", PREDICT, BODY, headers).status == 200


def test_compressed_bodies(kitchen):
    body = gzip.compress(json.dumps(BODY).encode())
    answer = kitchen.request("POST", PREDICT, body, {"Content-Encoding": "gzip"})
    assert answer.json() == {"predictions": [2.0]}
    broken = kitchen.request("POST", PREDICT, b"no gzip", {"Content-Encoding": "gzip"})
    assert broken.status == 400


def test_chunked_bodies_and_keep_alive(kitchen):
    connection = http.client.HTTPConnection("127.0.0.1", kitchen.rest_port, timeout=30)
    try:
        for _ in range(2):
            parts = iter([b'{"instances"', b": [1.0]}"])
            connection.request(
                "POST",
                PREDICT,
                parts,
                encode_chunked=True,
                headers={"Transfer-Encoding": "chunked"},
            )
            response = connection.getresponse()
            assert json.loads(response.read()) == {"predictions": [2.0]}
        connection.request("POST", PREDICT, b"{")
        response = connection.getresponse()
        assert response.status == 400 and response.read()
        connection.request("GET", "/v1/models/kitchen")
        assert connection.getresponse().status == 200
    finally:
        connection.close()


def test_expect_100_continue(kitchen):
    body = json.dumps(BODY).encode()
    with socket.create_connection(("127.0.0.1", kitchen.rest_port), 30) as client:
        client.sendall(
            b"POST /v1/models/kitchen:predict HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)
        )
        assert client.recv(1000).startswith(b"HTTP/1.1 100")
        client.sendall(body)
        assert client.recv(1000).startswith(b"HTTP/1.1 200")


def test_the_length_is_announced(kitchen):
    answer = kitchen.post(PREDICT, BODY)
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("verb", ["classify", "regress"])
def test_there_is_only_predict(kitchen, verb):
    answer = kitchen.post(f"/v1/models/kitchen:{verb}", {"examples": [{"x": 1.0}]})
    assert answer.status == 404
    assert answer.error == f"This server answers :predict only, not :{verb}"


def test_prometheus_metrics(kitchen):
    kitchen.post(PREDICT, BODY)
    kitchen.post(PREDICT, "{")
    kitchen.predict("", x=[1.0])
    page = kitchen.get("/monitoring/prometheus/metrics")
    assert page.status == 200
    text = page.body.decode()
    assert "# TYPE :tensorflow:serving:request_count counter" in text
    assert ':tensorflow:serving:request_count{model_name="kitchen",status="OK"}' in text
    assert (
        ':tensorflow:serving:request_count{model_name="kitchen",status="INVALID_ARGUMENT"}' in text
    )
    prefix = ":tensorflow:serving:request_latency_bucket{"
    assert prefix + 'API="predict",entrypoint="REST",le="10.0",model_name="kitchen"}' in text
    assert prefix + 'API="Predict",entrypoint="GRPC",le="+Inf",model_name="kitchen"}' in text
    assert ':tensorflow:serving:runtime_latency_count{API="Predict",model_name="kitchen"' in text
    assert "_created" not in text
