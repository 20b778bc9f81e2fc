import asyncio
import base64
import io

import numpy as np
import pytest
from bright_corner import CLASSES, VERSION, bright_corner
from local_servers import free_port
from PIL import Image

from pipelines.ui.try_out.asking import SHOWN_PX, Opinion, TryRequest, opinion
from pipelines.ui.try_out.process import ask


def picture(corner: int, *, side_px: int = 500, kind: str = "PNG") -> bytes:
    """Return a dark picture with one corner that may be bright."""
    levels = np.full((side_px, side_px), 20, np.uint8)
    levels[: side_px // 5, : side_px // 5] = corner
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, format=kind)
    return buffer.getvalue()


def asked(data: bytes, gateway: str) -> Opinion:
    return opinion(data, TryRequest(gateway=gateway, model="m", classes=CLASSES))


def shown(text: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(text)))


def test_the_answer_and_where_it_looks_and_no_line_in_the_log() -> None:
    with bright_corner() as (gateway, seen):
        said = asked(picture(250), gateway)
    assert said.problem == ""
    assert (said.decision, said.likeliest, said.version) == ("bright", "bright", VERSION)
    assert abs(said.probability - 250 / 255) < 0.01
    assert said.probabilities[1] == said.probability
    assert max(shown(said.picture).size) == SHOWN_PX
    # In colour only where covering changes the answer.
    colour = np.asarray(shown(said.heat_map)).astype(int)
    strength = colour[..., 0] - colour[..., 2]
    side = len(colour)
    assert strength[side // 10, side // 10] > 60
    assert strength[side // 2 :, side // 2 :].max() < 10
    assert len(seen) == 2
    assert {one["x-graft-log"] for one in seen} == {"off"}


def test_a_model_in_doubt_asks() -> None:
    with bright_corner() as (gateway, _):
        assert asked(picture(128), gateway).decision == "ask"


def test_a_turned_jpeg_is_asked_about_as_it_is_meant() -> None:
    turned = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    with Image.open(io.BytesIO(picture(250))) as upright:
        upright.rotate(180).save(turned, format="JPEG", exif=exif)
    with bright_corner() as (gateway, _):
        assert asked(turned.getvalue(), gateway).decision == "bright"


def test_what_is_no_picture_or_too_large_is_said_without_asking_anybody() -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    assert "bytes that no decoder knows" in asked(b"just a text", nobody).problem
    huge = picture(0, side_px=8000)  # 64 megapixels in 60 kB
    assert "8000 × 8000 pixels; choose another file" in asked(huge, nobody).problem


def test_a_picture_cut_off_and_a_server_that_is_down_are_said() -> None:
    with bright_corner() as (gateway, _):
        assert "damaged file" in asked(picture(250)[:300], gateway).problem
    down = f"http://127.0.0.1:{free_port()}"
    assert f"expected a model server at {down}" in asked(picture(250), down).problem


@pytest.mark.slow
def test_a_process_of_its_own_says_the_same_and_its_end_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with bright_corner() as (gateway, _):
        request = TryRequest(gateway=gateway, model="m", classes=CLASSES)
        data = picture(250)
        assert asyncio.run(ask(data, request)) == opinion(data, request)
        monkeypatch.setattr("sys.executable", "/bin/false")
        assert "ended with code 1; try another" in asyncio.run(ask(data, request)).problem
    text = asyncio.run(ask(b"just a text", request)).problem
    assert "bytes that no decoder knows" in text
