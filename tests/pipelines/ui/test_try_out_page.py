"""The page Try; the model answers in a process of its own, so most of these take a second."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import FormData
from bright_corner import bright_corner
from console_client import Answer, ConsoleClient, open_console
from local_servers import free_port
from PIL import Image
from watched_model import MODEL, picture, write_model

from pipelines.ui.pages.try_out import MOST_BYTES
from pipelines.ui.settings import UiSettings


@pytest.fixture
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ConsoleClient]:
    monkeypatch.chdir(tmp_path)
    write_model(Path("serving/models"))
    with bright_corner() as (gateway, _), open_console(UiSettings(gateway=gateway)) as client:
        client.get("/try_out")
        yield client


def send(console: ConsoleClient, data: bytes, *, model: str = MODEL, part: bool = False) -> Answer:
    form = FormData({"model": model}, default_to_multipart=True)
    form.add_field("picture", io.BytesIO(data), filename="../../a.png")
    headers = {"X-CSRF": console.csrf} | ({"HX-Request": "true"} if part else {})
    return console.post("/try_out", form, headers=headers)


@pytest.mark.slow
def test_a_picture_gets_an_answer_and_leaves_no_file(
    console: ConsoleClient, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    answer = send(console, picture(1))
    assert answer.status == 200, answer.text
    assert "says version 4" in answer.text and "Where it looks" in answer.text
    assert answer.text.count("data:image/png;base64,") == 2
    assert len(re.findall(r"<td>(bad|good)</td>", answer.text)) == 2
    assert sorted(tmp_path.rglob("*")) == before
    alone = send(console, picture(1), part=True)
    assert "<html" not in alone.text and "says version 4" in alone.text


def test_bad_input_is_said_on_the_page(console: ConsoleClient) -> None:
    said = send(console, b"just a text")
    assert said.status == 200 and "received bytes that no decoder knows" in said.text
    huge = io.BytesIO()
    Image.new("1", (20_000, 10_000)).save(huge, format="PNG")
    assert "choose another file" in send(console, huge.getvalue()).text  # 200 megapixels
    assert send(console, b"x", model="../other").status == 400
    assert send(console, b"x", model="").status == 400
    assert console.post("/try_out", {"model": MODEL}).status == 400
    assert "expected a picture, received none" in console.post("/try_out", {"model": MODEL}).text


def test_a_file_beyond_the_limit_is_refused(console: ConsoleClient) -> None:
    assert send(console, bytes(MOST_BYTES + 1)).status == 413


@pytest.mark.slow
def test_a_server_that_is_down_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_model(Path("serving/models"))
    gateway = f"http://127.0.0.1:{free_port()}"
    with open_console(UiSettings(gateway=gateway)) as console:
        console.get("/try_out")
        said = send(console, picture(1))
        assert f"expected a model server at {gateway}" in said.text
