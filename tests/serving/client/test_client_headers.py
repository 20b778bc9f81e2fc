"""Headers that both clients send, and what they make of a key that is missing or wrong."""

from pathlib import Path
from typing import Any

import grpc
import pytest
from bright_model import png
from scripted_servers import FAST, OUTPUTS_BODY, STATUS_BODY, grpc_answer, grpc_server, http_server

from components.common.errors import ConfigError, DeniedError, ServerError
from serving.client import connect
from serving.client.grpc_client import GrpcClient
from serving.client.rest_client import RestClient
from serving.protocol.headers import read_api_key, request_headers, sendable, spoken

SENT = request_headers(api_key="s3cret", group="lot-6", camera="left")
ADDRESSES = ("http://h:1", "h:1")


def test_rest_sends_them_with_every_request() -> None:
    def script(method: str, path: str, number: int) -> tuple[int, str]:
        return (200, STATUS_BODY) if method == "GET" else (200, OUTPUTS_BODY)

    seen: list[dict[str, str]] = []
    with (
        http_server(script, headers=seen) as (url, _),
        RestClient(url, model="m", headers=SENT) as client,
    ):
        client.predict_pictures([png(1)])
        client.predict_pictures([png(1)], headers={"X-Graft-Group": "lot-7"})
    assert [one["x-api-key"] for one in seen] == ["s3cret"] * 3
    assert [one["x-graft-group"] for one in seen] == ["lot-6", "lot-6", "lot-7"]
    assert {one["x-graft-camera"] for one in seen} == {"left"}
    assert not any("x-graft-line" in one for one in seen)
    assert [one.get("content-type") for one in seen] == [None, *["application/json"] * 2]


def test_rest_sends_them_when_it_looks_for_the_models_that_are_served() -> None:
    seen: list[dict[str, str]] = []
    with (
        http_server(lambda *_: (404, '{"error": "no"}'), headers=seen) as (url, asked),
        RestClient(url, model="m", headers=SENT) as client,
        pytest.raises(ServerError, match="no model `m`"),
    ):
        client.status()
    assert "/metrics" in asked[1]
    assert [one["x-api-key"] for one in seen] == ["s3cret"] * 2


def test_grpc_sends_them_with_every_request() -> None:
    seen: list[dict[str, Any]] = []

    def predict(context: grpc.ServicerContext, number: int) -> Any:
        seen.append(dict(context.invocation_metadata()))
        return grpc_answer()

    with (
        grpc_server(predict) as (address, _),
        GrpcClient(address, model="m", headers=SENT) as client,
    ):
        client.predict_pictures([png(1)])
        client.predict_pictures([png(1)], headers={"X-Graft-Group": "lot-7"})
    assert [one["x-api-key"] for one in seen] == ["s3cret"] * 2
    assert [one["x-graft-group"] for one in seen] == ["lot-6", "lot-7"]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("", "x", "a header's name .* received ''"),
        ("X Group", "x", "received 'X Group'"),
        ("X:Y", "x", "received 'X:Y'"),
        ("grpc-timeout", "1S", "received 'grpc-timeout'"),
        ("Trace-Bin", "x", "received 'Trace-Bin'"),
        ("Content-Length", "7", "received 'Content-Length'"),
        ("X-Graft-Group", "Prüfling", "in the header `x-graft-group`, received 'Prüfling'"),
        ("X-Graft-Group", "a\nX-API-Key: b", "printable ASCII"),
        ("X-Graft-Group", "lot 7 ", "no blank at either end"),
        (
            "X-API-Key",
            "gehe\u00efm",
            "received a key with other characters;",
        ),
    ],
)
@pytest.mark.parametrize("address", ADDRESSES)
def test_what_cannot_be_sent_is_refused(address: str, name: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        connect(address, model="m", headers={name: value})
    assert "gehe" not in str(caught.value)
    with connect(address, model="m") as client, pytest.raises(ConfigError, match=message):
        client.predict_pictures([png(1)], headers={name: value})


@pytest.mark.parametrize(
    ("headers", "received"),
    [
        ({}, "received none; set GRAFT_API_KEY or --api-key-file"),
        ({"X-API-Key": "k"}, "received a wrong one"),
        ({"Authorization": "Bearer k"}, "received a wrong one"),
    ],
)
@pytest.mark.parametrize("body", ['{"error": "no"}', "<html>401</html>"])
def test_rest_is_denied(headers: dict[str, str], received: str, body: str) -> None:
    with (
        http_server(lambda *_: (401, body)) as (url, asked),
        RestClient(url, model="m", version=1, retry=FAST, headers=headers) as client,
    ):
        for ask in (client.status, client.signature, lambda: client.predict_pictures([png(1)])):
            with pytest.raises(DeniedError, match=f"the gateway's API key at {url}, {received}"):
                ask()
    assert len(asked) == 3


@pytest.mark.parametrize(("headers", "received"), [({}, "none"), ({"X-API-Key": "k"}, "a wrong")])
def test_grpc_is_denied(headers: dict[str, str], received: str) -> None:
    with (
        grpc_server(lambda context, _: context.abort(grpc.StatusCode.UNAUTHENTICATED, "no")) as (
            address,
            asked,
        ),
        GrpcClient(address, model="m", retry=FAST, headers=headers) as client,
        pytest.raises(DeniedError, match=f"API key at {address}, received {received}") as caught,
    ):
        client.predict_pictures([png(1)])
    assert len(asked) == 1
    assert caught.value.exit_code == 2


def test_nobody_waits_for_a_key_to_become_right() -> None:
    with (
        http_server(lambda *_: (401, "{}")) as (url, asked),
        RestClient(url, model="m") as client,
        pytest.raises(DeniedError),
    ):
        client.wait_until_available(timeout_s=30)
    assert len(asked) == 1


def test_the_key_comes_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GRAFT_API_KEY", raising=False)
    assert read_api_key() == ""
    monkeypatch.setenv("GRAFT_API_KEY", " from-the-environment\n")
    assert read_api_key() == "from-the-environment"
    file = tmp_path / "key"
    file.write_text("from-the-file\n")
    assert read_api_key(file) == "from-the-file"
    for content in (b" \n", b"\xff\xfe"):
        file.write_bytes(content)
        with pytest.raises(ConfigError, match="API key"):
            read_api_key(file)
    with pytest.raises(ConfigError, match="correct --api-key-file"):
        read_api_key(tmp_path / "absent")


@pytest.mark.parametrize("text", ["lot-6", "Prüfling 7", "50 %", "%41", " a: b ", "検査"])
def test_any_place_can_be_sent(text: str) -> None:
    headers = sendable(request_headers(group=text, line=text, camera=text))
    assert {spoken(value) for value in headers.values()} == {text}
    assert len(headers) == 3


def test_plain_names_travel_as_they_are() -> None:
    sent = request_headers(group="lot-6/a", camera="links+oben")
    assert list(sent.values()) == ["lot-6/a", "links+oben"]
    for text in ("50% of lot 7", "50%off%ab", "a%0Ab", "a%00"):
        assert spoken(text) == text
    # A folder's name need not be UTF-8.
    assert sendable(request_headers(group="lot\udcff")) == {"x-graft-group": "lot?"}
