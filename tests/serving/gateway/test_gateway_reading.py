"""From bodies to predictions, whatever form they have."""

import base64
import gzip
import json
from collections import Counter
from typing import Any

import numpy as np
import pytest
from bright_model import png

from components.common.errors import ConfigError
from serving.gateway.exchange import ExchangeHead, ServedExchange, frame, take_frames
from serving.gateway.proxy.access import Access
from serving.gateway.reading import grpc_bodies as read_grpc
from serving.gateway.reading import rest_bodies as read_rest
from serving.gateway.reading.picture_facts import measure_picture
from serving.gateway.reading.predictions import SentPicture, UnreadableError
from serving.gateway.reading.records import Recorder
from serving.gateway.reading.statistics_budget import StatisticsBudget
from serving.gateway.settings import GatewaySettings, LogSettings, check
from serving.protocol import wire_messages as wire
from serving.protocol.wire_messages import PREDICT

PICTURE = png(5)
B64 = {"b64": base64.b64encode(PICTURE).decode()}
PIXELS = [[[1, 2, 3], [4, 5, 6]]]


def head(path: str = "/v1/models/m:predict", **more: Any) -> ExchangeHead:
    values: dict[str, Any] = {
        "time_unix_s": 1.0,
        "request_id": "r",
        "interface": "REST",
        "path": path,
        "status": 200,
        "latency_ms": 3.0,
    }
    return ExchangeHead(**{**values, **more})


def question(document: Any, **more: Any) -> read_rest.Question:
    return read_rest.read_question(head(**more), json.dumps(document).encode())


@pytest.mark.parametrize(
    "document",
    [
        {"instances": [B64, B64]},
        {"instances": [{"image_bytes": B64}, {"image_bytes": B64}]},
        {"instances": [{"any": B64}, {"any": B64}]},
        {"instances": [{"image_bytes": B64, "other": 1}, {"image_bytes": B64}]},
        {"inputs": [B64, B64]},
        {"inputs": {"image_bytes": [B64, B64]}},
    ],
)
def test_pictures_in_every_format(document: Any) -> None:
    assert question(document).pictures == (SentPicture(PICTURE), SentPicture(PICTURE))


def test_pixels() -> None:
    (asked,) = question({"signature_name": "pixels", "instances": [PIXELS]}).pictures
    assert asked.pixels is not None
    np.testing.assert_array_equal(asked.pixels, PIXELS)
    for odd in ([[[1, 2, 300]]], [[[0.5, 1, 1]]], [1, 2], [[[1], [1, 2]]], ["a"]):
        (asked,) = question({"instances": [odd]}).pictures
        assert asked == SentPicture()


def test_what_the_path_says() -> None:
    found = question({"inputs": B64}, path="/v1/models/a%20b/versions/12:predict")
    assert (found.model, found.version, found.pictures) == ("a b", 12, (SentPicture(PICTURE),))


def test_padding_may_be_left_out() -> None:
    bare = {"b64": B64["b64"].rstrip("=")}
    assert question({"instances": [bare]}).pictures == (SentPicture(PICTURE),)


def test_gzip_within_a_limit() -> None:
    body = gzip.compress(json.dumps({"instances": [B64]}).encode())
    zipped = head(encoding="gzip")
    assert read_rest.read_question(zipped, body).pictures == (SentPicture(PICTURE),)
    bomb = gzip.compress(b'{"instances": [' + b" " * (17 << 20) + b"]}")
    for bad in (bomb, body[:-9], b"plain"):
        with pytest.raises(UnreadableError):
            read_rest.read_question(zipped, bad)


def test_a_body_of_very_many_small_values_is_not_read() -> None:
    """Each would take the memory of an object, twenty times what it takes here."""
    body = b'{"instances": [' + b"[]," * 2_000_000 + b"[]]}"
    with pytest.raises(UnreadableError, match="values"):
        read_rest.read_question(head(), body)


@pytest.mark.parametrize("shape", [(10**12, 1, 1, 3), (10**12, 0, 1, 1), (-1, 0, 1, 1)])
def test_the_shape_that_a_tensor_claims_makes_no_pictures(shape: tuple[int, ...]) -> None:
    request = wire.PredictRequest()
    request.model_spec.name = "m"
    tensor = request.inputs["pixels"]
    tensor.dtype = 4
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    for content in (b"", b"abc"):
        tensor.tensor_content = content
        found = read_grpc.read_question(
            head(PREDICT, interface="gRPC", status=0), request.SerializeToString()
        )
        assert found.pictures == ()


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"[]", b"{", b'{"instances": 3}', b'{"instances": [{"b64": "\xc3\xa9="}]}'],
)
def test_rest_rubbish(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_rest.read_question(head(), body)


@pytest.mark.parametrize(
    ("document", "scores", "decisions"),
    [
        ({"predictions": [[0.5, 0.5]]}, [[0.5, 0.5]], ()),
        ({"outputs": [[0.5, 0.5]]}, [[0.5, 0.5]], ()),
        (
            {"predictions": [{"probabilities": [0, 1.0], "classes": "a", "decision": "b"}]},
            [[0, 1]],
            ("b",),
        ),
        ({"outputs": {"probabilities": [[0, 1]], "classes": ["a"]}}, [[0, 1]], ("a",)),
        ({"predictions": [1.0, 2.0]}, None, ()),
        ({"predictions": [[1.0], [1.0, 2.0]]}, None, ()),
        ({"predictions": []}, None, ()),
        ({"results": [["a", 0.5]]}, None, ()),
    ],
)
def test_rest_answers(document: Any, scores: Any, decisions: tuple[str, ...]) -> None:
    found = read_rest.read_answer(json.dumps(document).encode())
    assert (found.scores is None) == (scores is None)
    if scores is not None:
        np.testing.assert_array_equal(found.scores, scores)
    assert found.decisions == decisions


def test_an_answer_with_nan_is_read() -> None:
    found = read_rest.read_answer(b'{"predictions": [[NaN, 1.0]]} trailing')
    assert found.scores is not None and np.isnan(found.scores[0, 0])


def test_grpc_pixels_and_answers() -> None:
    request = wire.PredictRequest()
    request.model_spec.name, request.model_spec.version.value = "m", 4
    tensor = request.inputs["pixels"]
    tensor.dtype = 4
    for size in (2, 1, 2, 3):
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_content = bytes(range(12))
    grpc_head = head(PREDICT, interface="gRPC", status=0)
    found = read_grpc.read_question(grpc_head, request.SerializeToString())
    assert (found.model, found.version, len(found.pictures)) == ("m", 4, 2)
    np.testing.assert_array_equal(found.pictures[1].pixels, [[[6, 7, 8], [9, 10, 11]]])
    tensor.tensor_content = b"short"
    found = read_grpc.read_question(grpc_head, request.SerializeToString())
    assert found.pictures == ()

    answer = wire.PredictResponse()
    answer.model_spec.version.value = 6
    scores = answer.outputs["out"]
    scores.dtype = wire.DT_FLOAT
    for size in (1, 2):
        scores.tensor_shape.dim.add(size=size)
    scores.float_val.extend([0.5, 0.25])
    read = read_grpc.read_answer(grpc_head, answer.SerializeToString())
    np.testing.assert_array_equal(read.scores, [[0.5, 0.25]])
    assert read.version == 6
    with pytest.raises(UnreadableError):
        read_grpc.read_answer(grpc_head, b"\xff\xff")


def recorder(counts: Counter[str]) -> Recorder:
    return Recorder(budget=StatisticsBudget(1.0), counts=counts)


def test_who_asks_for_features_makes_no_prediction() -> None:
    counts: Counter[str] = Counter()
    body = json.dumps({"signature_name": "features", "instances": [B64]}).encode()
    assert recorder(counts).records(ServedExchange(head(), body, b"{}")) == []


def test_text_that_is_no_utf8_and_more_answers_than_questions() -> None:
    counts: Counter[str] = Counter()
    body = json.dumps({"instances": [B64]}).encode()
    answer = json.dumps({"predictions": [[0, 1], [1, 0]]}).encode()
    odd = head(group="\udcff" * 300, request_id="é")
    (record,) = recorder(counts).records(ServedExchange(odd, body, answer))
    assert (record.row.group, record.row.version, record.suffix) == ("?" * 200, 0, ".png")
    record.row.request_id.encode()
    (record,) = recorder(counts).records(ServedExchange(head(), body, b"not JSON"))
    assert record.row.scores is None and counts["unreadable_answers"] == 1


def test_damaged_pictures_are_counted_and_kept_out_of_the_sample() -> None:
    counts: Counter[str] = Counter()
    for data in (b"nothing", PICTURE[:40]):
        found = measure_picture(
            SentPicture(data), budget=StatisticsBudget(1.0), behind_s=0.0, counts=counts
        )
        assert (found.statistics, found.suffix, found.size_bytes) == (None, "", len(data))
    assert counts["undecodable"] == 2


def test_frames_in_pieces() -> None:
    sent = [ServedExchange(head(group="é\udc80"), b"q" * size, b"a" * 3) for size in (0, 5, 70_000)]
    stream = b"".join(piece for one in sent for piece in frame(one))
    buffer, received = bytearray(), []
    for begin in range(0, len(stream), 1000):
        buffer += stream[begin : begin + 1000]
        received += list(take_frames(buffer))
    assert received == sent
    assert not buffer


def test_settings() -> None:
    check(GatewaySettings())
    wrong: list[GatewaySettings] = [
        GatewaySettings(upstream="127.0.0.1:8501"),
        GatewaySettings(upstream_grpc="http://x"),
        GatewaySettings(port=1, grpc_port=1),
        GatewaySettings(queue_mib=0),
        GatewaySettings(log=LogSettings(embedding_share=1.5)),
    ]
    for settings in wrong:
        with pytest.raises(ConfigError, match=r"expected .* received .*correct --"):
            check(settings)


def test_secrets_do_not_reach_the_process_list() -> None:
    text = GatewaySettings(api_keys=("s3cret",)).log.to_json()
    assert "s3cret" not in text
    assert LogSettings.from_json(text) == LogSettings()


def test_access() -> None:
    assert Access(()).allows({})
    access = Access(("k",))
    assert access.allows({"x-api-key": "k"})
    assert access.allows({"authorization": "bearer k"})
    for headers in ({}, {"x-api-key": ""}, {"x-api-key": "K"}, {"authorization": "Basic k"}):
        assert not access.allows(headers)
    assert access.hides("X-API-Key") and not Access(()).hides("X-API-Key")


def test_keys_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []

    def compare(sent: bytes, wanted: bytes) -> bool:
        compared.append((len(sent), len(wanted)))
        return sent == wanted

    monkeypatch.setattr("serving.gateway.proxy.access.hmac.compare_digest", compare)
    access = Access(("a long key",))
    assert access.allows({"x-api-key": "a long key"})
    for key in ("", "a", "a long key and more"):
        assert not access.allows({"x-api-key": key})
    # Of one length whatever was sent, else the time would tell the key's length.
    assert compared == [(32, 32)] * 4
